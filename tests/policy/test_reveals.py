"""The argument by which single columns are asked for."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.model import Locator
from policy.reveals import columns_asked, option_of, read_reveals, reasons_of, reveal_problem

ASKED = [{"column": "customers.email", "reason": " Ticket 7 "}, {"column": "shop.customers.phone", "reason": "Call"}]


def test_columns_and_reasons_are_read() -> None:
    assert read_reveals(ASKED) == (("customers.email", "Ticket 7"), ("shop.customers.phone", "Call"))
    assert columns_asked(ASKED) == (
        Locator("column", ("", "customers", "email")),
        Locator("column", ("shop", "customers", "phone")),
    )


def test_the_option_is_the_same_for_the_same_request_and_can_be_read_back() -> None:
    assert option_of(ASKED) == option_of([*reversed(ASKED), ASKED[0]])
    assert option_of(ASKED) != option_of([ASKED[0] | {"reason": "Ticket 8"}, ASKED[1]])
    assert reasons_of({"reveal": option_of(ASKED)}) == [
        {"column": "customers.email", "reason": "Ticket 7"},
        {"column": "shop.customers.phone", "reason": "Call"},
    ]
    assert reasons_of({}) == []


@pytest.mark.parametrize(
    "value",
    ["customers.email", [], [{}], [{"column": "a.b"}], [{"column": "a.b", "reason": " "}], ["a.b"],
     [{"column": "email", "reason": "x"}], [{"column": "a..b", "reason": "x"}],
     [{"column": "a.b.c.d", "reason": "x"}], [{"column": 1, "reason": "x"}],
     [{"column": "a.b", "reason": "x", "more": 1}], [{"column": "a.b", "reason": "x" * 501}],
     [{"column": "a.b", "reason": "x"}] * 9, None, 7],
)  # fmt: skip
def test_anything_else_is_refused_in_words(value: Any) -> None:
    assert reveal_problem(value).startswith("must ")
    assert reveal_problem(ASKED) == ""
