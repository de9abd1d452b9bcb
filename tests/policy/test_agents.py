"""The pack `agents`, fact by fact: tests/policy/pairs/agents.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.document import load_document
from policy.engine import Engine
from policy.explain import describe
from policy.model import Query
from tests.policy.queries import identity, operation, query, resource

PAIRS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("pairs").joinpath("agents.yaml").read_text())


@pytest.fixture(scope="module")
def guarded() -> Engine:
    return Engine(load_document(None, ["baseline", "agents"]))


def asked(pair: dict[str, Any]) -> Query:
    what = operation(pair["actions"], pair["effects"], verb=pair.get("verb", "sql_query"))
    tags = {"env": "dev", "agents": pair["mode"]} | pair.get("tags", {})
    who = identity(via=pair.get("via", "agent"))
    tainted = pair.get("tainted", False)
    return query(what, who=who, where=resource(tags), approvals=pair.get("approvals", []), tainted=tainted)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_the_pack_decides(pair: dict[str, Any], guarded: Engine) -> None:
    decided = describe(guarded.decide(asked(pair)))
    assert decided["outcome"] == pair["decision"], decided
    assert decided.get("approvers", []) == pair.get("approvers", [])
    assert set(pair.get("rules", [])) <= {reason["rule"] for reason in decided["reasons"]}


def test_every_rule_of_the_pack_is_covered_by_a_pair() -> None:
    rules = {rule.id for rule in load_document(None, ["agents"]).policies}
    assert rules == {rule for pair in PAIRS for rule in pair.get("rules", []) if rule.startswith("agents.")}


def test_a_resource_without_the_tag_gets_nothing(guarded: Engine) -> None:
    assert describe(guarded.decide(query(where=resource({"env": "dev"}))))["outcome"] == "deny"


def test_every_refusal_gives_a_reason_and_a_way_out() -> None:
    forbids = [rule for rule in load_document(None, ["agents"]).policies if rule.effect == "forbid"]
    assert all(rule.reason and rule.suggest for rule in forbids)
