"""The explanation of a decision is plain data and tells what the engine decided."""

from __future__ import annotations

import json

from policy.explain import explain
from tests.policy.queries import OPEN, engine, operation, query

HELD = """@id("writes") @hold("leads") @reason("Writes need a lead.")
forbid (principal, action == Action::"write", resource) unless { context.approvals.contains("leads") };"""


def test_an_explanation_names_facts_rules_and_decision() -> None:
    held = engine(OPEN, HELD)
    told = explain(held, query(operation(["write"], ["insert"], targets=["shop.orders"]), labels=["EMAIL"]))
    assert json.loads(json.dumps(told)) == told
    assert told["policy_version"] == held.version
    assert told["facts"]["actions"] == ["connect", "write"]
    assert told["facts"]["context"]["targets"] == ["shop.*", "shop.orders"]
    assert told["facts"]["context"]["masked"] == ["EMAIL"]
    assert [(rule["id"], rule["effect"], rule["file"], rule["line"]) for rule in told["rules"]] == [
        ("writes", "forbid", "1.cedar", 1),
        ("open", "permit", "0.cedar", 2),
    ]
    assert told["decision"]["outcome"] == "hold"
    assert told["decision"]["approvers"] == ["leads"]


def test_an_explanation_names_what_nothing_permits_and_what_erred() -> None:
    assert explain(engine(), query())["unpermitted"] == ["connect", "read"]
    sum_rule = '@id("sum") permit (principal, action, resource) when { context.now.hour + 9223372036854775807 > 0 };'
    assert explain(engine(sum_rule), query())["errors"] == ["sum"]


def test_a_time_that_was_not_given_is_not_shown() -> None:
    assert "now" not in explain(engine(OPEN), query(now=None))["facts"]["context"]


def test_every_rule_that_decides_is_told_with_its_file_and_line() -> None:
    told = explain(engine(OPEN, HELD), query(operation(["write"], ["insert"])))
    assert [(reason["rule"], reason["place"]) for reason in told["decision"]["reasons"]] == [("writes", "1.cedar:1")]
    allowed = explain(engine(OPEN, HELD), query())
    assert [(reason["rule"], reason["place"]) for reason in allowed["decision"]["reasons"]] == [("open", "0.cedar:2")]
