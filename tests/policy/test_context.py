"""Facts that do not come from the text: the planner's estimate, the mode, taint, and the time of day in named zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.explain import describe, explain
from policy.model import Allow, Deny, Hold
from policy.problems import PolicyDocumentError
from policy.zones import zone_named
from tests.policy.queries import OPEN, document, engine, operation, query

FEW = '@id("few") @max_estimated("100") permit (principal, action in [Action::"connect", Action::"read"], resource);'
MANY = """
@id("many") @hold("dba") @reason("Large reads wait.")
forbid (principal, action == Action::"read", resource)
when { context.estimated_rows > 100 } unless { context.approvals.contains("dba") };
"""


def test_more_rows_than_a_permit_expects_are_denied_with_the_number_and_the_place() -> None:
    decision = engine(FEW).decide(query(estimated_rows=101))
    assert isinstance(decision, Deny)
    assert decision.reasons[0].text == "The planner expects 101 rows, and rule few takes at most 100."
    assert decision.reasons[0].place == "0.cedar:1"
    assert isinstance(engine(FEW).decide(query(estimated_rows=100)), Allow)


def test_an_estimate_that_is_not_known_counts_as_too_many() -> None:
    decision = engine(FEW).decide(query())
    assert isinstance(decision, Deny)
    assert "is not known" in decision.reasons[0].text
    assert isinstance(engine(OPEN, MANY).decide(query()), Hold)


def test_a_rule_that_looks_at_the_estimate_holds_and_says_the_number() -> None:
    decision = engine(OPEN, MANY).decide(query(estimated_rows=5000))
    assert isinstance(decision, Hold)
    assert decision.reasons[0].text == "Large reads wait. The planner expects 5000 rows."
    assert isinstance(engine(OPEN, MANY).decide(query(estimated_rows=100)), Allow)


@pytest.mark.parametrize(("actions", "effects"), [(["connect"], []), (["read"], ["plan-only"])])
def test_what_touches_no_rows_needs_no_estimate(actions: list[str], effects: list[str]) -> None:
    assert isinstance(engine(FEW).decide(query(operation(actions, effects))), Allow)


def test_a_plan_beside_a_read_still_needs_one() -> None:
    assert isinstance(engine(FEW).decide(query(operation(["read"], ["plan-only", "read"]))), Deny)


def test_an_explanation_says_that_the_estimate_is_not_known() -> None:
    assert explain(engine(OPEN), query())["facts"]["context"]["estimated_rows"] is None


def test_mode_and_taint_are_facts_and_decisions_about_them_are_not_mixed_up() -> None:
    rules = engine(
        OPEN,
        '@id("ro") @reason("r") forbid (principal, action, resource) when { context.mode == "read_only" };',
        '@id("t") @reason("r") forbid (principal, action, resource) when { context.tainted };',
    )
    assert isinstance(rules.decide(query()), Allow)
    assert describe(rules.decide(query(mode="read_only")))["reasons"][0]["rule"] == "ro"
    assert describe(rules.decide(query(tainted=True)))["reasons"][0]["rule"] == "t"
    assert isinstance(rules.decide(query()), Allow)


def test_a_mode_that_cannot_be_is_refused_when_the_rules_are_loaded() -> None:
    with pytest.raises(PolicyDocumentError, match=r"context\.mode never holds 'readonly'"):
        document('@id("a") permit (principal, action, resource) when { context.mode == "readonly" };')


def at_hour(hour: int, zone: str = "") -> str:
    mark = f'@zone("{zone}")' if zone else ""
    return f'@id("at{zone}") {mark} permit (principal, action, resource) when {{ context.now.hour == {hour} }};'


def test_a_rule_reads_the_time_in_its_zone_summer_and_winter() -> None:
    vienna = engine(at_hour(12, "Europe/Vienna"))
    winter, summer = datetime(2026, 1, 15, 11, 30, tzinfo=UTC), datetime(2026, 7, 15, 10, 30, tzinfo=UTC)
    assert isinstance(vienna.decide(query(now=winter)), Allow)
    assert isinstance(vienna.decide(query(now=summer)), Allow)
    assert isinstance(vienna.decide(query(now=winter.replace(hour=12))), Deny)


def test_rules_of_one_document_read_different_zones() -> None:
    both = engine(at_hour(12, "Europe/Vienna"), at_hour(20, "Asia/Tokyo"))
    allowed = both.decide(query(now=datetime(2026, 1, 15, 11, 30, tzinfo=UTC)))
    assert {reason.rule for reason in allowed.reasons} == {"atEurope/Vienna", "atAsia/Tokyo"}


def test_the_default_zone_is_that_of_the_document() -> None:
    noon = datetime(2026, 1, 15, 11, 0, tzinfo=UTC)
    from policy.engine import Engine

    assert isinstance(Engine(document(at_hour(12), time_zone="Europe/Vienna")).decide(query(now=noon)), Allow)
    assert isinstance(engine(at_hour(12)).decide(query(now=noon)), Deny)
    assert document(at_hour(12)).version != document(at_hour(12), time_zone="Europe/Vienna").version


def test_a_zone_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(PolicyDocumentError, match="there is no time zone 'Europe/Viena'; did you mean Europe/Vienna"):
        document(at_hour(12, "Europe/Viena"))
    with pytest.raises(PolicyDocumentError, match="@zone has no effect"):
        document('@id("a") @zone("Asia/Tokyo") permit (principal, action, resource);')


@given(st.text(max_size=30))
def test_no_text_is_a_zone_by_accident(text: str) -> None:
    try:
        zone_named(text)
    except ValueError:
        return
    assert text[:1].isalpha()
