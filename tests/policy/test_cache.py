"""What is remembered, what is told apart, and what it costs."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from catalog.model import Label, Locator
from policy.engine import Engine, cache_key
from policy.model import Action, Agent, Query, Statement
from tests.policy.queries import NOON, OPEN, document, engine, identity, query, resource

ASKED = query(labels=["EMAIL"])


def varied(part: str, **changes: Any) -> Query:
    return replace(ASKED, **{part: replace(getattr(ASKED, part), **changes)})


@pytest.mark.parametrize(
    "other",
    [
        varied("identity", user="bob"),
        varied("identity", groups=frozenset()),
        varied("identity", attributes={"team": "x"}),
        varied("identity", agent=None),
        varied("identity", agent=Agent("client-2", "Assistant")),
        varied("identity", agent=Agent("client-1", "Other")),
        varied("resource", name="other"),
        varied("resource", kind="mysql"),
        varied("resource", tags={"env": "prod"}),
        varied("resource", groups=()),
        varied("operation", protocol="mysql"),
        varied("operation", verb="sql_describe"),
        varied("operation", actions=frozenset({Action.WRITE})),
        varied("operation", effects=frozenset({"drop"})),
        varied("operation", targets=(Locator("table", ("a", "b")),)),
        varied("operation", opaque=True),
        varied("operation", statements=(Statement("DELETE", "", suggestion="Add a WHERE."),)),
        replace(ASKED, labels=frozenset({Label.SSN})),
        replace(ASKED, approvals=frozenset({"leads"})),
    ],
    ids=range(19),
)
def test_queries_that_a_rule_could_tell_apart_are_remembered_apart(other: Query) -> None:
    assert cache_key(ASKED, timed=False) != cache_key(other, timed=False)


def test_the_text_and_the_session_do_not_matter() -> None:
    other = replace(varied("operation", text="select 2", parameters=(1,)), identity=replace(identity(), session="s2"))
    assert cache_key(ASKED, timed=False) == cache_key(other, timed=False)


def test_the_minute_matters_only_where_a_rule_looks_at_the_time() -> None:
    later = replace(ASKED, now=NOON + timedelta(minutes=1))
    assert cache_key(ASKED, timed=False) == cache_key(later, timed=False)
    assert cache_key(ASKED, timed=True) != cache_key(later, timed=True)
    assert cache_key(ASKED, timed=True) == cache_key(replace(ASKED, now=NOON + timedelta(seconds=59)), timed=True)


def test_only_a_document_that_looks_at_the_time_is_timed() -> None:
    late = '@id("late") forbid (principal, action, resource) when { context["now"].hour > 18 };'
    assert document(OPEN, late).uses_time
    assert not document(OPEN).uses_time


def test_the_cache_stays_within_its_bound_and_drops_the_least_recently_used() -> None:
    small = Engine(document(OPEN), 2)
    first, second, third = (query(who=identity(name)) for name in ("ada", "bob", "eve"))
    kept = small.decide(first)
    dropped = small.decide(second)
    assert small.decide(first) is kept
    small.decide(third)
    assert small.decide(first) is kept
    assert small.decide(second) is not dropped


def test_an_engine_without_a_cache_remembers_nothing() -> None:
    forgetful = Engine(document(OPEN), 0)
    assert forgetful.decide(ASKED) is not forgetful.decide(ASKED)


def test_a_remembered_decision_costs_microseconds() -> None:
    """Budget 15 µs for a query built afresh; the best of several runs, as the machine is shared."""
    warm = engine(OPEN)
    where = resource({"env": "prod", "team": "checkout", "approvers": "leads"})
    fresh = [
        query(who=identity(attributes={"email": "a@b.example"}), where=where, labels=["EMAIL"]) for _ in range(2000)
    ]
    best = float("inf")
    for start in range(0, 2000, 200):
        began = time.perf_counter()
        for asked in fresh[start : start + 200]:
            warm.decide(asked)
        best = min(best, (time.perf_counter() - began) / 200)
    assert best < 15e-6
