"""Asking to see one column: held where a rule says so, and never more than the column that was asked for."""

from __future__ import annotations

from dataclasses import replace

from catalog.model import Label
from policy.engine import Engine
from policy.model import Allow, Deny, Hold, Query
from tests.policy.queries import OPEN, engine, query

HELD = """
@id("see-email") @reason("Support answers customers.")
permit (principal, action == Action::"reveal", resource == Label::"EMAIL");
@id("hold-email") @hold("privacy") @reason("Privacy agrees to each look.")
forbid (principal, action == Action::"reveal", resource == Label::"EMAIL")
unless { context.approvals.contains("privacy") };
"""
ASKED = replace(query(labels=["EMAIL", "SSN"]), reveals=frozenset({Label.EMAIL}))


def held(engine_: Engine, asked: Query = ASKED) -> Hold:
    decision = engine_.decide(asked)
    assert isinstance(decision, Hold)
    return decision


def test_without_asking_the_column_is_masked_and_nobody_is_bothered() -> None:
    decision = engine(OPEN, HELD).decide(query(labels=["EMAIL"]))
    assert isinstance(decision, Allow)
    assert decision.obligations.revealed == decision.obligations.reveals == frozenset()


def test_a_look_is_held_for_the_group_that_the_rule_names() -> None:
    decision = held(engine(OPEN, HELD))
    assert decision.approvers == {"privacy"}
    assert [reason.rule for reason in decision.reasons] == ["hold-email"]


def test_an_approved_look_shows_the_asked_columns_and_lifts_no_other_mask() -> None:
    rules = engine(OPEN, HELD)
    allowed = rules.decide(replace(ASKED, approvals=frozenset({"privacy"})))
    assert isinstance(allowed, Allow)
    assert allowed == held(rules).grant
    assert allowed.obligations.reveals == {Label.EMAIL}
    assert allowed.obligations.revealed == frozenset()


def test_a_label_that_no_rule_permits_to_see_is_refused() -> None:
    decision = engine(OPEN, HELD).decide(replace(ASKED, reveals=frozenset({Label.SSN})))
    assert isinstance(decision, Deny)
    assert decision.reasons[0].text == "No rule permits reveal of SSN on shop-db."


def test_one_label_of_two_that_may_not_be_seen_refuses_both() -> None:
    decision = engine(OPEN, HELD).decide(replace(ASKED, reveals=frozenset({Label.SSN, Label.EMAIL})))
    assert isinstance(decision, Deny)


def test_a_final_forbid_of_the_look_is_a_denial() -> None:
    never = '@id("never") forbid (principal, action == Action::"reveal", resource == Label::"EMAIL");'
    decision = engine(OPEN, HELD, never).decide(ASKED)
    assert isinstance(decision, Deny)
    assert "never" in {reason.rule for reason in decision.reasons}


def test_what_may_be_seen_anyway_needs_no_approval() -> None:
    see = '@id("see") permit (principal, action == Action::"reveal", resource == Label::"EMAIL");'
    decision = engine(OPEN, see).decide(ASKED)
    assert isinstance(decision, Allow)
    assert decision.obligations.revealed == {Label.EMAIL}
