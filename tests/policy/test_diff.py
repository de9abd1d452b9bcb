"""Two versions of the rules: who gains, who loses; and recorded calls as questions."""

from __future__ import annotations

import pytest

from catalog.labels import Labels
from catalog.model import Label, Locator
from policy.diff import OPERATIONS, changes, grid, grouped, named
from policy.engine import Engine
from policy.model import Action
from policy.replay import Call, Caller, question_of
from tests.policy.queries import document, resource

READ = """@id("read") @reason("r")
permit (principal in Group::"dev", action in [Action::"connect", Action::"read"], resource);"""
WRITE = '@id("write") @reason("r") permit (principal in Group::"dev", action == Action::"write", resource);'
HOLD = """@id("hold") @reason("r") @hold("leads") forbid (principal, action == Action::"write", resource)
unless { context.approvals.contains("leads") };"""
MAIL = """@id("mail") @reason("r")
permit (principal in Group::"dev", action == Action::"reveal", resource == Label::"EMAIL");"""
SHOP = resource({"env": "dev"}, name="shop")


def compared(old: list[str], new: list[str]) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    before, after = document(*old), document(*new)
    found = changes(Engine(before), Engine(after), grid((before, after), [SHOP]))
    return [(g.direction, g.who, g.before, g.after, g.rules) for g in grouped(found)]


def test_the_same_rules_change_nothing() -> None:
    assert compared([READ, WRITE, HOLD, MAIL], [MAIL, HOLD, WRITE, READ]) == []


def test_a_rule_with_another_name_and_the_same_meaning_changes_nothing() -> None:
    assert compared([READ], [READ.replace('"read")', '"reading")', 1)]) == []


def test_a_new_permit_is_a_gain_for_those_in_its_group_only() -> None:
    assert compared([READ], [READ, WRITE]) == [
        ("gains", "group dev, by agent", "deny", "allow", ("read", "write")),
        ("gains", "group dev, by person", "deny", "allow", ("read", "write")),
    ]


def test_a_new_hold_is_a_loss_and_its_removal_a_gain() -> None:
    lost = compared([READ, WRITE], [READ, WRITE, HOLD])
    gained = compared([READ, WRITE, HOLD], [READ, WRITE])
    assert {(direction, before, after) for direction, _who, before, after, _rules in lost} == {
        ("loses", "allow", "hold by leads")
    }
    assert {(direction, before, after) for direction, _who, before, after, _rules in gained} == {
        ("gains", "hold by leads", "allow")
    }


def test_a_label_shown_is_a_gain_and_other_approvers_are_a_difference() -> None:
    shown = compared([READ], [READ, MAIL])
    assert {(direction, before, after) for direction, _who, before, after, _rules in shown} == {
        ("gains", "allow", "allow, shows EMAIL")
    }
    moved = compared([READ, WRITE, HOLD], [READ, WRITE, HOLD.replace("leads", "dba")])
    assert {(direction, before, after) for direction, _who, before, after, _rules in moved} == {
        ("differs", "hold by leads", "hold by dba")
    }


@pytest.mark.parametrize(
    ("text", "direction"),
    [("EMAIL: pseudonym", "gains"), ("EMAIL: null", "loses"), ("EMAIL: null, PERSON: pseudonym", "differs")],
)
def test_a_looser_mask_is_a_gain_and_a_stricter_one_a_loss(text: str, direction: str) -> None:
    found = compared([READ], [READ.replace("@reason", f'@mask("{text}") @reason')])
    told = "".join(f", masks {part.replace(': ', ' by ')}" for part in text.split(", "))
    assert {(each[0], each[2], each[3]) for each in found} == {(direction, "allow", f"allow{told}")}


def test_losses_come_last() -> None:
    found = compared([READ, WRITE], [READ, MAIL])
    assert [direction for direction, *_rest in found][-1] == "loses"
    assert {direction for direction, *_rest in found} == {"gains", "loses"}


def test_the_grid_asks_everything_once_and_with_the_names_of_the_rules() -> None:
    documents = (document(READ), document(MAIL))
    questions = list(grid(documents, [SHOP]))
    assert len({(q.who, q.where, q.what) for q in questions}) == len(questions)
    assert len(questions) == 2 * 2 * len(OPERATIONS) * 2  # groups none and dev, agent and person, no label and EMAIL
    assert named(documents, "Label", list(Label)) == {"EMAIL"}


def test_time_is_asked_where_a_rule_looks_at_it() -> None:
    timed = document('@id("t") @reason("r") permit (principal, action, resource) when { context.now.hour < 6 };')
    assert any("Saturday" in question.what for question in grid((timed,), [SHOP]))
    assert not any("Saturday" in question.what for question in grid((document(READ),), [SHOP]))


def test_the_grid_knows_every_action_that_an_operation_can_have() -> None:
    asked = {action for _what, actions, _effects in OPERATIONS for action in actions}
    assert set(Action) - asked == {Action.CONNECT, Action.REVEAL, Action.TUNNEL}


EVENT = {
    "resource": "shop",
    "verb": "sql_query",
    "text": "UPDATE orders\n  SET a = 1",
    "actions": ["write"],
    "effects": ["unbounded-update"],
    "targets": ["sales.orders"],
}


def call(**fields: object) -> Call:
    return Call(Caller("ada", ("dev",), "agent", "c1", "Claude"), 1_772_000_000.0, EVENT | fields)


def test_a_recorded_call_is_asked_with_what_was_recorded_and_what_is_known_of_its_tables() -> None:
    labels = Labels.build([(Locator("column", ("sales", "orders", "mail")), Label.EMAIL)])
    question = question_of(call(), {"shop": SHOP}, {"shop": labels})
    assert question is not None
    assert (question.who, question.where, question.what) == ("ada, by agent", "shop", "UPDATE orders SET a = 1")
    query = question.query
    assert query.operation.effects == {"unbounded-update"}
    assert query.identity.groups == {"dev"}
    assert query.identity.agent is not None
    assert Label.EMAIL in query.labels
    assert query.now is not None
    assert query.now.year == 2026


def test_a_call_to_a_resource_that_is_gone_is_no_question() -> None:
    assert question_of(call(resource="old"), {"shop": SHOP}, {}) is None


def test_an_action_that_this_version_does_not_know_counts_as_unknown() -> None:
    question = question_of(call(actions=["teleport"]), {"shop": SHOP}, {})
    assert question is not None
    assert question.query.operation.actions == {Action.UNKNOWN}


@pytest.mark.parametrize(("length", "shown"), [(120, "x" * 120), (121, "x" * 119 + "…")])
def test_long_statements_are_cut(length: int, shown: str) -> None:
    question = question_of(call(text="x" * length), {"shop": SHOP}, {})
    assert question is not None
    assert question.what == shown
