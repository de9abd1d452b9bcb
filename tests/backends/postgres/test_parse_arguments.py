"""Arguments that break the input schema are refused by name; their values are never repeated."""

from __future__ import annotations

from typing import Any

import pytest

from backends.postgres.parse import Parser


@pytest.mark.parametrize(
    ("verb", "arguments", "message"),
    [
        ("sql_query", {"resource": "shop"}, "sql is required"),
        ("sql_query", {"sql": "SELECT 1"}, "resource is required"),
        ("sql_query", {"resource": "shop", "sql": 1}, "sql must be a string"),
        ("sql_query", {"resource": None, "sql": "SELECT 1"}, "resource must be a string"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "parameters": "1"}, "parameters must be an array"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "parameters": [[1]]}, "parameters may hold"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "parameters": [10**5000]}, "too large"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "parameters": [1] * 70_000}, "no more than"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "max_rows": 0}, "max_rows must be"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "max_rows": True}, "max_rows must be"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "dry_run": "yes"}, "dry_run must be"),
        ("sql_query", {"resource": "shop", "sql": "SELECT 1", "query": "x"}, "no such argument"),
        ("sql_describe", {}, "resource is required"),
        ("sql_describe", {"resource": "shop", "table": 5}, "table must be a string"),
        ("sql_describe", {"resource": "shop", "table": "x" * 500}, "no longer than"),
        ("sql_describe", {"resource": "shop", "schema": "a\0b"}, "without NUL"),
        ("sql_drop", {"resource": "shop"}, "not known"),
    ],
)
def test_arguments_that_break_the_schema_are_refused(verb: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Parser().parse(verb, arguments)


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(ValueError) as refusal:
        Parser().parse("sql_query", {"resource": "shop", "sql": ["001-12-0001"]})
    assert "001-12-0001" not in str(refusal.value)


def test_every_kind_of_scalar_is_a_parameter() -> None:
    values = ["a", 1, 1.5, True, None]
    operation = Parser().parse("sql_query", {"resource": "shop", "sql": "SELECT $1", "parameters": values})
    assert operation.parameters == tuple(values)
    assert operation.digest
