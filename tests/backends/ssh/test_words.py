"""Expansions: what a word becomes is what bash makes of it, asked of bash itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.ssh.words import UNKNOWN, Word, ansi_c, braces
from tests.backends.ssh.reading import first_command


def bash(text: str) -> list[str]:
    """The words that bash makes of the arguments of a command, with file names left alone."""
    script = f"set -f; show() {{ printf '%s\\0' \"$@\"; }}; show {text}"
    found = subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=10)
    return found.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "text",
    [
        "a'b'\"c\"\\d",
        "$'\\x41\\101\\u00e9\\n'",
        "{a,b}{1..3}",
        "x{a,{b,c}}y",
        "{a}",
        "'{a,b}'",
        '"{a,b}"',
        "a\\ b",
        '"a \\$b \\"c\\" \\d"',
        "'a\\b'",
        "a\\\nb",
        "''",
        "{3..1}",
        "{a..e}",
        "a{,b}",
        "$(echo one two)",
        '"$(echo one two)"',
        "$(printf '%s-' a b)",
        "$(echo cm0K | base64 -d)",
        "`echo x`",
        "--flag={a,b}",
    ],
)
def test_words_come_out_as_bash_makes_them(text: str) -> None:
    words = first_command(f"show {text}").arguments
    assert [word.text for word in words] == bash(text)
    assert all(word.known for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X=/etc; show $X", ["/etc"]),
        ("X='a b'; show $X", ["a", "b"]),
        ("X='a b'; show \"$X\"", ["a b"]),
        ("X=a; X+=b; show $X", ["ab"]),
        ("show ${X:-/etc}", ["/etc"]),
        ("show rm${IFS}-rf", ["rm", "-rf"]),
        ("show ${PATH:0:1}etc", ["/etc"]),
        ("f() { show $1; }; f /etc", ["/etc"]),
        ("for x in /etc; do show $x; done", ["/etc"]),
    ],
)
def test_variables_of_the_line_itself_are_followed(text: str, words: list[str]) -> None:
    assert [word.text for word in first_command(text, "show").arguments] == words


@pytest.mark.parametrize(
    "text",
    ["show $X", "show ${X#a}", "read X; show $X", "if a; then X=1; fi; show $X", "show $(date)", "X=$(date); show $X"],
)
def test_what_is_only_known_in_the_run_is_told_as_unknown(text: str) -> None:
    assert UNKNOWN in first_command(text, "show").arguments[0].text


def test_a_pattern_outside_of_quotes_is_told() -> None:
    assert first_command("show *").arguments[0].glob
    assert not first_command("show '*'").arguments[0].glob
    assert not first_command("show \\*").arguments[0].glob


def test_braces_that_would_become_too_many_are_unknown() -> None:
    assert [word.known for word in braces(Word("{1..100000}"))] == [False]
    assert [word.known for word in braces(Word("{a,b}" * 12))] == [False]


@given(st.text(alphabet="\\xuU01789aAfFnrtec'\"{}", max_size=24))
@settings(max_examples=300, deadline=None)
def test_escapes_of_any_form_are_read_without_a_fault(body: str) -> None:
    assert isinstance(ansi_c(body), str)
