"""Texts of agents are shown as they are, never obeyed."""

from __future__ import annotations

import pytest

from server.cli.terminal import print_facts, print_table, visible, when


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\rb", "a\\rb"),
        ("a\nb", "a\\nb"),
        ("\x9b2J", "\\x9b2J"),
        ("\udc80", "\\udc80"),
        ("\U000e0041", "\\U000e0041"),
        ("naïve 字 🙂", "naïve 字 🙂"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_becomes_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_pipe_gets_tab_separated_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("User", "Groups"), [("ada\tx", None), ("[bold]bob", 3)])
    assert capsys.readouterr().out == "user\tgroups\nada\\tx\t\n[bold]bob\t3\n"


def test_a_terminal_gets_a_table_whose_cells_are_no_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_table(("User", "Note"), [("[bold]bob[/]", "x")])
    out = capsys.readouterr().out
    assert "[bold]bob[/]" in out
    assert "\t" not in out


def test_a_text_of_several_lines_keeps_them_below_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts({"text": "SELECT 1\nFROM x\x1b", "empty": None})
    assert capsys.readouterr().out == "text:  \n    SELECT 1\n    FROM x\\x1b\nempty:\n"


def test_times_are_utc() -> None:
    assert when(0.0) == "1970-01-01 00:00:00Z"
    assert when(None) == ""
