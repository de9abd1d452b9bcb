"""Ceilings as rules write them, and what a decision says of them. Counting is tested in tests/server/budgets."""

from __future__ import annotations

import pytest

from policy.ceilings import Ceiling, read_ceilings
from policy.explain import describe
from policy.model import Allow
from policy.problems import PolicyDocumentError
from tests.policy.queries import OPEN, document, engine, query, resource

BOUND = """
@id("bound")
@ceiling("1000 rows/day, 64 MB bytes/session, 30m time/day, 20 probes/session")
@raised_by("tag:approvers, dba")
permit (principal, action, resource is Resource);
"""


def refused(text: str) -> str:
    with pytest.raises(PolicyDocumentError) as error:
        document(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1000 rows/day", 1000),
        ("64 MB bytes/day", 64_000_000),
        ("64MB bytes/day", 64_000_000),
        ("5 bytes/day", 5),
        ("30m time/day", 1_800_000),
        ("2 h time / session", 7_200_000),
    ],
)
def test_an_amount_is_read_in_its_unit(text: str, amount: int) -> None:
    (ceiling,) = read_ceilings(text)
    assert ceiling.amount == amount


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1000 rwos/day", "there is no measure 'rwos'; did you mean 'rows'?"),
        ("1000 rows/dya", "there is no period 'dya'; did you mean 'day'?"),
        ("1000 rows", "write an amount, a measure and a period"),
        ("0 rows/day", "a ceiling of nothing is a forbid"),
        ("30 time/day", "time needs a unit"),
        ("30 MB rows/day", "rows cannot be counted in 'MB'"),
        ("1 rows/day, 2 rows/day", "rows/day stands twice"),
    ],
)
def test_a_ceiling_that_cannot_be_read_is_refused_with_a_hint(text: str, says: str) -> None:
    assert says in refused(f'@id("a") @ceiling("{text}") permit (principal, action, resource);')


def test_a_ceiling_stands_on_a_permit_only() -> None:
    assert "belongs on a permit" in refused('@id("a") @ceiling("1 rows/day") forbid (principal, action, resource);')


def test_who_raises_nothing_is_refused() -> None:
    assert "this rule has no @ceiling" in refused('@id("a") @raised_by("dba") permit (principal, action, resource);')


def test_an_allowed_call_carries_every_ceiling_with_its_rule_place_and_groups() -> None:
    decision = engine(OPEN, BOUND).decide(query(where=resource({"approvers": "leads"})))
    assert isinstance(decision, Allow)
    assert decision.obligations.ceilings[0] == Ceiling(
        "rows", "day", 1000, rule="bound", place="1.cedar:2", raised_by=frozenset({"leads", "dba"})
    )
    assert [str(ceiling) for ceiling in decision.obligations.ceilings] == [
        "1000 rows a day",
        "64000000 bytes a session",
        "30 minutes a day",
        "20 probes a session",
    ]
    assert describe(decision)["obligations"]["ceilings"][0]["raised_by"] == ["dba", "leads"]


def test_ceilings_of_all_permits_that_speak_count() -> None:
    more = '@id("more") @ceiling("5 rows/day") permit (principal, action, resource is Resource);'
    decision = engine(OPEN, BOUND, more).decide(query())
    assert isinstance(decision, Allow)
    assert [(c.rule, c.amount) for c in decision.obligations.ceilings if c.measure == "rows"] == [
        ("bound", 1000),
        ("more", 5),
    ]
