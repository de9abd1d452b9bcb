"""The story's checks notice what they are there to notice."""

from __future__ import annotations

from typing import Any

import pytest

from server.demo.truth import Row, all_masked, in_clear

REAL: list[Row] = [{"id": "1", "email": "a@example.com"}, {"id": "2", "email": None}]


def answer(*cells: str | None, masked: tuple[str, ...] = ("email",), status: str = "ok") -> dict[str, Any]:
    return {
        "status": status,
        "columns": [{"name": "id", "type": "bigint"}, {"name": "email", "type": "text"}],
        "rows": [[number, cell] for number, cell in enumerate(cells, 1)],
        "masked": [{"column": name, "label": "EMAIL", "mask": "x"} for name in masked],
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (answer("****", None), True),
        (answer("a@example.com", None), False),
        (answer("<a@example.com>", None), False),
        (answer("****", None, masked=()), False),
        (answer("****"), False),
        (answer("****", None, status="denied"), False),
    ],
    ids=["hidden", "shown", "shown inside", "not said", "a row is missing", "refused"],
)
def test_a_masked_column_hides_every_value_and_says_so(given: dict[str, Any], expected: bool) -> None:
    assert all_masked(given, REAL, ["email"]) is expected


def test_a_clear_column_is_the_real_one() -> None:
    assert in_clear(answer("****", None), REAL, ["id"])
    assert not in_clear(answer("****", None), REAL, ["email"])
    assert not in_clear(answer("****", None, status="held"), REAL, ["id"])
