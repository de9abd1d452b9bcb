"""What can be said about rules without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.check import Known, check, check_folder
from policy.document import load_document
from tests.policy.queries import OPEN, document

QUIET_FORBID = '@id("f") @reason("No.") forbid (principal, action == Action::"write", resource);'


def said(*texts: str) -> list[tuple[str, str]]:
    return [(problem.rule, problem.message) for problem in check(document(*texts))]


def test_sound_rules_give_no_finding() -> None:
    assert said(OPEN, QUIET_FORBID) == []


def test_a_refusal_without_a_reason_is_found() -> None:
    assert said(OPEN, '@id("f") forbid (principal, action == Action::"write", resource);') == [
        ("f", "people who are refused by this rule read no @reason")
    ]


def test_a_permit_for_everybody_and_everything_is_found() -> None:
    assert said('@id("p") permit (principal, action, resource);') == [
        ("p", "this permits everybody everything that no other rule forbids")
    ]


def test_a_permit_that_a_forbid_always_beats_is_found() -> None:
    write = '@id("w") permit (principal in Group::"a", action == Action::"write", resource);'
    assert said(OPEN, write, QUIET_FORBID) == [
        ("w", "this never takes effect: f (2.cedar:1) forbids all that it permits")
    ]


def test_a_conditional_or_observed_forbid_beats_nothing_for_sure() -> None:
    write = '@id("w") permit (principal in Group::"a", action == Action::"write", resource);'
    conditional = QUIET_FORBID.replace(";", ' when { context.via == "agent" };')
    observed = QUIET_FORBID.replace("@reason", "@observe @reason")
    assert said(write, conditional) == said(write, observed) == []


def test_a_hold_that_asks_one_group_and_tests_another_is_found() -> None:
    crossed = """@id("h") @reason("Held.") @hold("leads,dba") forbid (principal, action, resource)
    unless { context.approvals.contains("leads") };"""
    assert said(OPEN, crossed) == [("h", "@hold asks 'dba', but the rule never looks for the approval of that group")]


@pytest.mark.parametrize(
    ("conditions", "why"),
    [
        ("when { false }", "when false"),
        ("unless { true }", "unless true"),
        ("when { context.opaque } unless { context.opaque }", "the same condition stands under when and unless"),
        ("when { context.opaque && context.via == \"agent\" } unless { context.opaque || principal in Group::\"a\" }",
         "the same condition stands under when and unless"),
        ("when { context.via == \"agent\" } when { \"person\" == context.via }",
         "the same fact would have to be 'agent' and 'person'"),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_fire_is_found(conditions: str, why: str) -> None:
    dead = f'@id("d") @reason("No.") forbid (principal, action == Action::"write", resource) {conditions};'
    assert said(OPEN, dead) == [("d", f"this can never fire: {why}")]


@pytest.mark.parametrize(
    "conditions",
    [
        "when { true }",
        "unless { false }",
        'when { context.via == "agent" } unless { context.opaque }',
        'when { context.via == "agent" || context.via == "person" }',
        'when { context.via == "agent" && context.protocol == "postgres" }',
        'when { context.via != "agent" && context.via == "agent" }',
    ],
)
def test_what_may_fire_or_cannot_be_told_is_left_alone(conditions: str) -> None:
    live = f'@id("d") @reason("No.") forbid (principal, action == Action::"write", resource) {conditions};'
    assert said(OPEN, live) == []


def test_a_rule_that_another_one_covers_is_found() -> None:
    narrow = """@id("n") @reason("No.") forbid (principal in Group::"a", action == Action::"write", resource)
    when { context.opaque };"""
    assert said(OPEN, narrow, QUIET_FORBID) == [
        ("n", "this changes no decision: f (2.cedar:1) already forbids all of it")
    ]
    copy = QUIET_FORBID.replace('"f"', '"g"')
    assert said(OPEN, QUIET_FORBID, copy) == [
        ("g", "this changes no decision: f (1.cedar:1) already forbids all of it")
    ]


def test_a_rule_with_demands_of_its_own_is_covered_by_none() -> None:
    wide = '@id("w") @reason("All.") permit (principal in Group::"a", action, resource is Resource);'
    bounded = wide.replace('"w"', '"b"').replace("@reason", '@max_rows("5") @reason')
    assert said(wide, bounded) == []


def test_a_rule_about_a_resource_that_is_not_configured_is_found() -> None:
    rules = document(
        OPEN,
        '@id("a") @reason("r") permit (principal, action, resource == Resource::"shpo");',
        '@id("b") @reason("r") permit (principal, action, resource == Resource::"shop");',
        '@id("c") @reason("r") permit (principal, action == Action::"read", resource in ResourceGroup::"shop");',
    )
    found = check(rules, Known(frozenset({"shop"}), frozenset({"core"})))
    assert [(problem.rule, problem.nearest) for problem in found] == [("open", ""), ("a", "shop"), ("c", "")], found
    assert "no resource 'shpo'" in found[1].message
    assert "no resource group 'shop'" in found[2].message


def test_rules_without_any_permit_are_found() -> None:
    assert said(QUIET_FORBID) == [("", "there is no permit in force, so everything is denied")]


def test_the_default_pack_is_sound_but_permits_nothing() -> None:
    assert [str(problem) for problem in check(load_document(None, ["baseline"]))] == [
        "there is no permit in force, so everything is denied"
    ]


def test_a_folder_that_does_not_load_gives_its_errors(tmp_path: Path) -> None:
    (tmp_path / "a.cedar").write_text("permit (principal, action, resource);")
    (found,) = check_folder(tmp_path, ["baseline"])
    assert (found.level, str(found)) == ("error", "a.cedar:1: the rule has no @id")
