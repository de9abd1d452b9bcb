"""How rules become a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from catalog.model import Label
from policy.document import load_document
from policy.engine import Engine
from policy.model import Action, Allow, Deny, Hold, Identity
from tests.policy.queries import NOON, OPEN, engine, identity, operation, query, resource

HELD = """
@id("writes") @hold("leads") @within("30m") @reason("Writes need a lead.")
forbid (principal, action == Action::"write", resource) unless { context.approvals.contains("leads") };
"""
SEE_EMAIL = '@id("see") permit (principal, action == Action::"reveal", resource == Label::"EMAIL");'
WRITE = operation(["write"], ["scoped-delete"])


def rules(decision: Allow | Hold | Deny) -> list[str]:
    return [reason.rule for reason in decision.reasons]


def test_no_rules_at_all_deny_everything() -> None:
    decision = Engine(load_document(None, [])).decide(query())
    assert isinstance(decision, Deny)
    assert decision.reasons[0].text == "No rule permits connect, read on shop-db."
    assert "Ask" in decision.remedy


def test_every_action_of_an_operation_must_be_permitted() -> None:
    reads = '@id("r") permit (principal, action in [Action::"connect", Action::"read"], resource);'
    assert isinstance(engine(reads).decide(query()), Allow)
    decision = engine(reads).decide(query(operation(["read", "write"])))
    assert isinstance(decision, Deny)
    assert decision.reasons[0].text == "No rule permits write on shop-db."


def test_connect_is_asked_even_if_the_operation_does_not_name_it() -> None:
    assert isinstance(engine('@id("r") permit (principal, action == Action::"read", resource);').decide(query()), Deny)


def test_deny_beats_hold() -> None:
    final = '@id("no") @suggest("Do not.") forbid (principal, action == Action::"write", resource);'
    decision = engine(OPEN, HELD, final).decide(query(WRITE))
    assert isinstance(decision, Deny)
    assert rules(decision) == ["writes", "no"]
    assert decision.remedy == "Do not."


def test_a_held_write_becomes_the_very_allow_it_promised() -> None:
    held = engine(OPEN, HELD, SEE_EMAIL)
    asked = query(WRITE, labels=["EMAIL", "SSN"])
    decision = held.decide(asked)
    assert isinstance(decision, Hold)
    assert (decision.approvers, decision.within, rules(decision)) == (frozenset({"leads"}), 1800.0, ["writes"])
    assert held.decide(replace(asked, approvals=frozenset({"leads"}))) == decision.grant


def test_approval_never_lifts_a_mask() -> None:
    decision = engine(OPEN, HELD, SEE_EMAIL).decide(query(WRITE, labels=["EMAIL", "SSN"]))
    assert isinstance(decision, Hold)
    assert decision.grant.obligations.revealed == {Label.EMAIL}


def test_a_hold_that_no_permit_waits_behind_is_a_denial() -> None:
    decision = engine(HELD).decide(query(WRITE))
    assert isinstance(decision, Deny)
    assert decision.reasons[0].text == "No rule permits connect, write on shop-db."


def test_an_approval_that_another_rule_resents_is_a_denial() -> None:
    spite = '@id("spite") forbid (principal, action, resource) when { context.approvals.contains("leads") };'
    decision = engine(OPEN, HELD, spite).decide(query(WRITE))
    assert isinstance(decision, Deny)
    assert rules(decision) == ["spite"]


def test_several_holds_ask_all_their_groups_within_the_shortest_time() -> None:
    second = HELD.replace("writes", "second").replace("leads", "dba").replace("30m", "10s")
    decision = engine(OPEN, HELD, second).decide(query(WRITE))
    assert isinstance(decision, Hold)
    assert (decision.approvers, decision.within) == (frozenset({"leads", "dba"}), 10.0)


def test_an_approval_already_given_counts_and_is_not_asked_again() -> None:
    second = HELD.replace("writes", "second").replace("leads", "dba")
    decision = engine(OPEN, HELD, second).decide(query(WRITE, approvals=["dba"]))
    assert isinstance(decision, Hold)
    assert decision.approvers == {"leads"}


def test_a_hold_without_a_time_stays_open_as_long_as_configured() -> None:
    held = engine(OPEN, HELD.replace('@within("30m")', ""))
    decision = Engine(held.document, approval_expiry=77.0).decide(query(WRITE))
    assert isinstance(decision, Hold)
    assert decision.within == 77.0


def test_the_approving_group_can_stand_in_a_tag_of_the_resource() -> None:
    tagged = HELD.replace('@hold("leads")', '@hold("tag:owners,leads")')
    decision = engine(OPEN, tagged).decide(query(WRITE, where=resource({"owners": "team-a"})))
    assert isinstance(decision, Hold)
    assert decision.approvers == {"team-a", "leads"}


@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_a_rule_that_errs_denies_and_is_named(effect: str) -> None:
    broken = f'@id("sum") {effect} (principal, action, resource) when {{ context.now.hour + 9223372036854775807 > 0 }};'
    decision = engine(OPEN, broken).decide(query())
    assert isinstance(decision, Deny)
    assert rules(decision) == ["sum"]
    assert decision.reasons[0].text == "Rule sum could not be evaluated, so nothing is allowed."


def test_a_rule_that_errs_only_once_approved_still_denies() -> None:
    broken = """@id("later") forbid (principal, action, resource)
    when { context.approvals.contains("leads") && context.now.hour + 9223372036854775807 > 0 };"""
    decision = engine(OPEN, HELD, broken).decide(query(WRITE))
    assert isinstance(decision, Deny)
    assert rules(decision) == ["later"]


def test_a_denial_does_not_quote_values_that_a_rule_choked_on() -> None:
    broken = '@id("sum") permit (principal, action, resource) when { context.now.year + 9223372036854775807 > 0 };'
    assert "2026" not in str(engine(OPEN, broken).decide(query()))


def test_text_that_is_not_unicode_is_denied_and_does_not_raise() -> None:
    decision = engine(OPEN).decide(query(who=identity("\ud800")))
    assert isinstance(decision, Deny)
    assert decision.reasons[0].text == "The rules could not be asked about this operation."


def test_the_strictest_obligation_of_all_permits_wins() -> None:
    strict = """@id("a") @max_rows("50") @timeout("1m") permit (principal, action == Action::"read", resource);
    @id("b") @max_rows("500") @timeout("10s") @durability("disk") permit (principal, action, resource);
    @id("c") @max_rows("5") permit (principal in Group::"others", action, resource);"""
    decision = engine(OPEN, strict).decide(query())
    assert isinstance(decision, Allow)
    found = decision.obligations
    assert (found.max_rows, found.timeout, found.durability) == (50, 10.0, "disk")
    assert found.max_affected is None


def test_of_two_bounds_on_changed_rows_the_smaller_wins() -> None:
    bounds = """@id("a") @max_affected("50") permit (principal, action == Action::"connect", resource);
    @id("b") @max_affected("7") permit (principal, action, resource);"""
    found = engine(bounds).decide(query(operation(["write"], ["scoped-update"])))
    assert isinstance(found, Allow)
    assert found.obligations.max_affected == 7


def test_a_label_is_revealed_only_by_a_permit_and_never_beside_the_asked_ones() -> None:
    decision = engine(OPEN, SEE_EMAIL).decide(query(labels=["SSN"]))
    assert isinstance(decision, Allow)
    assert decision.obligations.revealed == frozenset()


def test_a_reveal_rule_may_look_at_the_resource() -> None:
    outside = """@id("see") permit (principal, action == Action::"reveal", resource)
    when { context.resource.hasTag("env") && context.resource.getTag("env") == "dev" };"""
    seen = {
        env: engine(OPEN, outside).decide(query(where=resource({"env": env}), labels=["EMAIL"]))
        for env in ("dev", "prod")
    }
    assert isinstance(seen["dev"], Allow)
    assert isinstance(seen["prod"], Allow)
    assert seen["dev"].obligations.revealed == {Label.EMAIL}
    assert seen["prod"].obligations.revealed == frozenset()


def test_a_forbid_on_reveal_masks_and_does_not_deny() -> None:
    hide = '@id("hide") forbid (principal, action == Action::"reveal", resource) when { context.via == "agent" };'
    asked = query(labels=["EMAIL"])
    for_agent = engine(OPEN, SEE_EMAIL, hide).decide(asked)
    for_person = engine(OPEN, SEE_EMAIL, hide).decide(replace(asked, identity=identity(via="person")))
    assert isinstance(for_agent, Allow)
    assert isinstance(for_person, Allow)
    assert for_agent.obligations.revealed == frozenset()
    assert for_person.obligations.revealed == {Label.EMAIL}


def test_an_agent_can_be_given_less_than_its_human() -> None:
    no_agents = '@id("people") forbid (principal, action == Action::"write", resource) when { context.via == "agent" };'
    people = engine(OPEN, no_agents)
    assert isinstance(people.decide(query(WRITE)), Deny)
    assert isinstance(people.decide(query(WRITE, who=identity(via="person"))), Allow)


def test_attributes_of_a_person_are_tags() -> None:
    team = """@id("team") forbid (principal, action, resource)
    unless {
      principal.hasTag("team") && resource.hasTag("team") && principal.getTag("team") == resource.getTag("team")
    };"""
    where = resource({"team": "checkout"})
    assert isinstance(engine(OPEN, team).decide(query(where=where)), Deny)
    own = identity(attributes={"team": "checkout"})
    assert isinstance(engine(OPEN, team).decide(query(where=where, who=own)), Allow)


@pytest.mark.parametrize(
    ("target", "named", "hit"),
    [
        ("billing.invoices", "billing.invoices", True),
        ("billing.invoices", "billing.*", True),
        (".invoices", "?.invoices", True),
        (".invoices", "?.*", True),
        (".invoices", "billing.invoices", False),
        ("billing.orders", "billing.invoices", False),
    ],
)
def test_rules_see_tables_and_schemas(target: str, named: str, hit: bool) -> None:
    off = f'@id("off") forbid (principal, action, resource) when {{ context.targets.contains("{named}") }};'
    assert isinstance(engine(OPEN, off).decide(query(operation(targets=[target]))), Deny) is hit


def test_rules_see_the_time_in_utc() -> None:
    late = """@id("late") forbid (principal, action, resource)
    unless { context.now.weekday == 3 && context.now.hour == 12 && context.now.year == 2026 };"""
    timed = engine(OPEN, late)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))
    assert isinstance(timed.decide(query(now=elsewhere)), Allow)
    assert isinstance(timed.decide(query(now=NOON + timedelta(hours=1))), Deny)


@pytest.mark.parametrize("now", [None, datetime(2026, 3, 4, 12, 0)], ids=["no time", "no zone"])
def test_a_rule_about_time_denies_when_no_usable_time_is_given(now: datetime | None) -> None:
    late = '@id("late") forbid (principal, action, resource) when { context.now.year > 2100 };'
    assert isinstance(engine(OPEN, late).decide(query(now=now)), Deny)
    assert isinstance(engine(OPEN).decide(query(now=now)), Allow)


def test_an_observed_rule_is_noted_and_not_enforced() -> None:
    trial = '@id("trial") @observe @reason("No reads.") forbid (principal, action == Action::"read", resource);'
    decision = engine(OPEN, trial).decide(query())
    assert isinstance(decision, Allow)
    assert [(reason.rule, reason.text) for reason in decision.reasons] == [
        ("open", "Developers work on the shop."),
        ("trial", "observed: No reads."),
    ]


def test_an_observed_permit_opens_nothing() -> None:
    trial = '@id("trial") @observe permit (principal, action, resource);'
    decision = engine(trial).decide(query(labels=["EMAIL"]))
    assert isinstance(decision, Deny)
    assert rules(decision) == ["", "trial"]


def test_the_remedy_for_the_statement_beats_the_general_one() -> None:
    guard = """@id("all") @suggest("Add a WHERE.") forbid (principal, action, resource)
    when { context.effects.contains("unbounded-delete") };"""
    general = engine(OPEN, guard).decide(query(operation(["write"], ["unbounded-delete"])))
    exact = engine(OPEN, guard).decide(
        query(operation(["write"], ["unbounded-delete"], suggestion="Add WHERE orders.id = …."))
    )
    assert isinstance(general, Deny)
    assert isinstance(exact, Deny)
    assert (general.remedy, exact.remedy) == ("Add a WHERE.", "Add WHERE orders.id = ….")


def test_a_remedy_for_the_statement_is_not_offered_against_a_rule_about_something_else() -> None:
    agents = """@id("people") @suggest("Do it yourself.") forbid (principal, action, resource)
    when { context.via == "agent" };"""
    decision = engine(OPEN, agents).decide(query(operation(suggestion="Add a LIMIT.")))
    assert isinstance(decision, Deny)
    assert decision.remedy == "Do it yourself."


def test_the_boundary_opens_for_those_who_may_connect_also_if_approval_is_needed() -> None:
    held = HELD.replace('"write"', '"connect"')
    someone = Identity("eve", "s", frozenset({"guests"}))
    assert engine(OPEN).may(identity(), resource(), Action.CONNECT)
    assert engine(OPEN, held).may(identity(), resource(), Action.CONNECT)
    assert not engine(OPEN).may(someone, resource(), Action.CONNECT)
    assert not engine(OPEN).may(identity(), resource(groups=["other"]), Action.CONNECT)


def test_time_rules_apply_to_the_boundary_too() -> None:
    late = '@id("late") forbid (principal, action, resource) when { context.now.hour > 18 };'
    night = datetime(2026, 3, 4, 23, tzinfo=UTC)
    assert engine(OPEN, late).may(identity(), resource(), Action.CONNECT, now=NOON)
    assert not engine(OPEN, late).may(identity(), resource(), Action.CONNECT, now=night)
