"""The default pack, fact by fact: tests/policy/pairs/baseline.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.document import Source, build_document, load_document
from policy.effects import Effect
from policy.engine import Engine
from policy.explain import describe
from tests.policy.queries import OPEN, identity, operation, query, resource

PAIRS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("pairs").joinpath("baseline.yaml").read_text())
PACK = Path(__file__).parents[2] / "policy" / "packs" / "baseline.cedar"


@pytest.fixture(scope="module")
def guarded() -> Engine:
    return Engine(build_document([Source("baseline.cedar", PACK.read_text()), Source("open.cedar", OPEN)]))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["name"])
def test_the_default_pack_decides(pair: dict[str, Any], guarded: Engine) -> None:
    what = operation(
        pair.get("actions", ["write"]),
        pair["effects"],
        targets=pair.get("targets", []),
        verb=pair.get("verb", "sql_query"),
    )
    asked = query(
        what,
        who=identity(via=pair.get("via", "agent")),
        where=resource(pair.get("tags", {"env": "dev"})),
        labels=pair.get("labels", []),
        approvals=pair.get("approvals", []),
        mode=pair.get("mode", "read_write"),
    )
    decided = describe(guarded.decide(asked))
    assert decided["outcome"] == pair["decision"], decided
    assert decided.get("approvers", []) == pair.get("approvers", [])
    if "rule" in pair:
        assert pair["rule"] in [reason["rule"] for reason in decided["reasons"]]


def test_every_rule_of_the_default_pack_is_covered_by_a_pair() -> None:
    rules = {rule.id for rule in load_document(None, ["baseline"]).policies}
    assert rules == {pair["rule"] for pair in PAIRS if "rule" in pair}


def test_every_effect_occurs_in_a_pair() -> None:
    harmless_here = {Effect.CREATE_AS}
    assert {effect for pair in PAIRS for effect in pair["effects"]} | harmless_here == set(Effect)


def test_every_rule_of_the_default_pack_gives_a_reason_and_a_way_out() -> None:
    for rule in load_document(None, ["baseline"]).policies:
        assert rule.reason, rule.id
        assert rule.suggest, rule.id


def test_the_default_pack_alone_permits_nothing() -> None:
    alone = Engine(load_document(None, ["baseline"]))
    assert describe(alone.decide(query()))["outcome"] == "deny"
