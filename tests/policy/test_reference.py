"""The engine against the reference composition, and a remembered decision against a fresh one."""

from __future__ import annotations

from collections import Counter
from typing import Any, assert_never

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.engine import Engine
from policy.model import Allow, Decision, Deny, Hold, Query
from tests.policy import reference
from tests.policy.queries import document
from tests.policy.reference import Spec
from tests.policy.strategies import documents, queries

EXPIRY = 900.0


def outline(decision: Decision) -> dict[str, Any]:
    rules = {reason.rule for reason in decision.reasons}
    match decision:
        case Allow(obligations):
            return {
                "outcome": "allow",
                "rules": rules,
                "revealed": obligations.revealed,
                "max_rows": obligations.max_rows,
                "timeout": obligations.timeout,
                "durability": obligations.durability,
                "max_estimated": obligations.max_estimated,
                "ceilings": {(ceiling.rule, ceiling.amount) for ceiling in obligations.ceilings},
            }
        case Hold(grant, approvers, within):
            return {
                "outcome": "hold",
                "rules": rules,
                "approvers": approvers,
                "within": within,
                "grant": outline(grant),
            }
        case Deny():
            return {"outcome": "deny", "rules": rules}
        case _:
            assert_never(decision)


def engine_of(specs: list[Spec], size: int = 4096) -> Engine:
    return Engine(document("".join(spec.cedar() for spec in specs)), size, approval_expiry=EXPIRY)


@settings(max_examples=250, deadline=None)
@given(documents(), st.lists(queries(), min_size=1, max_size=6))
def test_the_engine_decides_as_the_reference(specs: list[Spec], asked: list[Query]) -> None:
    engine = engine_of(specs)
    for query in asked:
        assert outline(engine.decide(query)) == reference.decide(specs, query, expiry=EXPIRY)


@settings(max_examples=60, deadline=None)
@given(documents(), st.lists(queries(), min_size=2, max_size=8), st.integers(0, 4))
def test_a_remembered_decision_is_the_fresh_one(specs: list[Spec], asked: list[Query], size: int) -> None:
    remembering = engine_of(specs, size)
    for query in asked + asked:
        assert remembering.decide(query) == engine_of(specs, 0).decide(query)


@settings(max_examples=60, deadline=None)
@given(documents(), queries())
def test_an_approved_hold_becomes_the_grant_it_wrapped(specs: list[Spec], query: Query) -> None:
    engine = engine_of(specs)
    decision = engine.decide(query)
    if isinstance(decision, Hold):
        approved = Query(
            query.identity,
            query.resource,
            query.operation,
            labels=query.labels,
            approvals=query.approvals | decision.approvers,
            now=query.now,
            mode=query.mode,
            tainted=query.tainted,
            estimated_rows=query.estimated_rows,
        )
        assert engine.decide(approved) == decision.grant


def test_the_random_world_reaches_every_outcome() -> None:
    """Else the comparisons above would prove little."""
    seen: Counter[str] = Counter()

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(documents(), queries())
    def sample(specs: list[Spec], query: Query) -> None:
        seen[reference.decide(specs, query, expiry=EXPIRY)["outcome"]] += 1

    sample()
    assert min(seen["allow"], seen["hold"], seen["deny"]) >= 3, seen
