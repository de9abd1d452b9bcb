"""How the story looks."""

from __future__ import annotations

import io

from rich.console import Console

from server.demo.telling import Teller


def told() -> tuple[Teller, io.StringIO]:
    out = io.StringIO()
    return Teller(Console(file=out, width=118)), out


def test_a_table_names_the_label_of_each_masked_column_and_shows_markup_as_it_is() -> None:
    teller, out = told()
    columns = [{"name": "id", "type": "bigint"}, {"name": "email", "type": "text"}, {"name": "note", "type": "text"}]
    masked = [{"column": "email", "label": "EMAIL", "mask": "x"}]
    teller.rows({"columns": columns, "rows": [[1, "****", "[red]not markup[/red]"], [2, None, "x"]], "masked": masked})
    text = out.getvalue()
    assert "EMAIL" in text
    assert "[red]not markup[/red]" in text
    assert "null" in text


def test_a_refusal_shows_the_rule_the_reason_and_what_would_pass() -> None:
    teller, out = told()
    reason = {"rule": "baseline.truncate", "text": "This would empty a whole table.", "suggestion": "Delete rows."}
    teller.verdict(
        {"status": "denied", "reasons": [reason], "next_step": "Nothing was executed. Delete rows."}, style="red"
    )
    for words in (
        "DENIED",
        "baseline.truncate",
        "This would empty a whole table.",
        "Nothing was executed. Delete rows.",
    ):
        assert words in out.getvalue()


def test_failed_checks_are_remembered() -> None:
    teller, out = told()
    teller.check("holds", True)
    teller.check("does not hold", False)
    assert teller.failures == ["does not hold"]
    assert "✓ holds" in out.getvalue()
    assert "✗ does not hold" in out.getvalue()
