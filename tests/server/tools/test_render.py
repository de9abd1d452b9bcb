"""Answers become JSON without losing a digit."""

from __future__ import annotations

import json

import pytest

from backends.base import Column
from server.answer import Answer, MaskedColumn, Plan, Problem
from server.tools.render import Cell, envelope, json_rows, tool_result


def answer_of(type_name: str, *cells: str | None) -> Answer:
    rows = [[cell] for cell in cells]
    return Answer(status="ok", decision_id="d", columns=(Column("c", type_name),), rows=rows, next_step="Done.")


@pytest.mark.parametrize(
    ("type_name", "text", "shown"),
    [
        ("boolean", "t", True),
        ("boolean", "f", False),
        ("integer", "-7", -7),
        ("bigint", "9007199254740991", 9007199254740991),
        ("bigint", "9007199254740992", "9007199254740992"),
        ("bigint", "-9223372036854775808", "-9223372036854775808"),
        ("double precision", "0.1", 0.1),
        ("double precision", "NaN", "NaN"),
        ("double precision", "-Infinity", "-Infinity"),
        ("numeric(10,2)", "10.50", "10.50"),
        ("numeric", "1e-7", "1e-7"),
        ("jsonb", '{"n": 123456789012345678901234567890}', '{"n": 123456789012345678901234567890}'),
        ("timestamp with time zone", "infinity", "infinity"),
        ("bytea", "\\x00ff", "\\x00ff"),
        ("integer", None, None),
        ("integer", "[MASKED]", "[MASKED]"),
    ],
)
def test_a_cell_is_a_number_only_where_every_reader_keeps_it_exactly(
    type_name: str, text: str | None, shown: Cell
) -> None:
    assert json_rows(answer_of(type_name, text)) == [[shown]]


def test_nulls_survive_the_way_to_the_client() -> None:
    result = tool_result(envelope(answer_of("text", None, "x")), is_error=False)
    assert result["structuredContent"]["rows"] == [[None], ["x"]]
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


def test_the_envelope_says_what_was_masked_and_why_it_stopped() -> None:
    answer = Answer(
        status="ok",
        decision_id="d",
        resource="shop",
        columns=(Column("email", "text"),),
        rows=[["a***"]],
        masked=(MaskedColumn("email", "EMAIL", "partial"),),
        truncated="rows",
        affected=0,
        next_step="Narrow the query.",
    )
    found = envelope(answer)
    assert found["masked"] == [{"column": "email", "label": "EMAIL", "mask": "partial"}]
    assert (found["truncated"], found["row_count"], found["affected"]) == ("rows", 1, 0)


def test_a_plan_lists_masks_but_no_rows() -> None:
    answer = Answer(
        status="ok",
        decision_id="d",
        columns=(Column("email", "text"),),
        masked=(MaskedColumn("email", "EMAIL", "partial"),),
        plan=Plan((), ("shop.customers",), 12, ("leads",)),
    )
    found = envelope(answer)
    assert found["plan"]["masked"] == found["masked"]
    assert found["plan"]["estimated_rows"] == 12
    assert found["plan"]["approvals"] == ["leads"]
    assert found["rows"] == []


def test_a_problem_carries_its_remedy() -> None:
    answer = Answer(status="failed", decision_id="d", problem=Problem("timeout", "Too slow.", "Add a LIMIT."))
    assert envelope(answer)["error"] == {"code": "timeout", "message": "Too slow.", "remedy": "Add a LIMIT."}
