"""Every pack but baseline and agents, fact by fact: tests/policy/pairs/packs/*.yaml.

The pack alone is put before a rule that permits developers everything, so that only the pack can stop or hide.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.document import load_document, pack_names
from policy.engine import Engine
from policy.explain import describe
from policy.model import Query
from tests.policy.queries import NOON, document, identity, operation, query, resource

FOLDER = Path(__file__).parent / "pairs" / "packs"
PACKS = Path(__file__).parents[2] / "policy" / "packs"
BASE = """@id("open") @reason("Developers work on the shop.")
permit (principal in Group::"developers", action, resource);"""


def pairs() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(FOLDER.glob("*.yaml")):
        yield from ((file.stem, pair) for pair in yaml.safe_load(file.read_text("utf-8")))


ALL = list(pairs())
NAMES = sorted({pack for pack, _pair in ALL})


@cache
def guarded(pack: str, *, without: str = "") -> Engine:
    text = (PACKS / f"{pack}.cedar").read_text("utf-8")
    made = document(text, BASE)
    if not without:
        return Engine(made)
    kept = [rule.text for rule in made.policies if rule.id != without]
    return Engine(document(*kept))


def asked(pair: dict[str, Any]) -> Query:
    what = operation(
        pair.get("actions", ["write"]), pair.get("effects", ["scoped-update"]), opaque=pair.get("opaque", False)
    )
    return query(
        what,
        who=identity(groups=pair.get("groups", ["developers"]), via=pair.get("via", "agent")),
        where=resource(pair.get("tags", {"env": "prod"})),
        labels=pair.get("labels", []),
        approvals=pair.get("approvals", []),
        now=datetime.fromisoformat(pair["now"]) if "now" in pair else NOON,
    )


@pytest.mark.parametrize(("pack", "pair"), ALL, ids=[f"{pack}: {pair['name']}" for pack, pair in ALL])
def test_a_pack_decides(pack: str, pair: dict[str, Any]) -> None:
    decided = describe(guarded(pack).decide(asked(pair)))
    assert decided["outcome"] == pair["decision"], decided
    assert decided.get("approvers", []) == pair.get("approvers", [])
    if "rule" in pair:
        assert pair["rule"] in [reason["rule"] for reason in decided["reasons"]]
    if "revealed" in pair:
        assert decided["obligations"]["revealed"] == pair["revealed"]


@pytest.mark.parametrize(
    ("pack", "pair"),
    [(pack, pair) for pack, pair in ALL if "rule" in pair or "hides" in pair],
    ids=lambda value: value["name"] if isinstance(value, dict) else value,
)
def test_it_is_that_rule_that_stops_or_hides(pack: str, pair: dict[str, Any]) -> None:
    query = asked(pair)
    rule = pair.get("rule") or pair["hides"]
    assert describe(guarded(pack).decide(query)) != describe(guarded(pack, without=rule).decide(query))


@pytest.mark.parametrize("pack", NAMES)
def test_every_rule_of_a_pack_is_covered_by_a_pair(pack: str) -> None:
    rules = {rule.id for rule in load_document(None, [pack]).policies}
    covered = {pair.get("rule") or pair.get("hides") for name, pair in ALL if name == pack}
    assert rules == covered - {None}


def test_every_pack_has_pairs() -> None:
    assert {*NAMES, "baseline", "agents"} == set(pack_names())


@pytest.mark.parametrize("pack", pack_names())
def test_every_rule_names_its_pack_and_has_a_reason_and_every_refusal_a_way_out(pack: str) -> None:
    for rule in load_document(None, [pack]).policies:
        assert rule.id.startswith(f"{pack}."), rule.id
        assert rule.reason, rule.id
        assert rule.suggest or rule.effect == "permit", rule.id


def test_all_packs_together_load_and_permit_nothing_to_people() -> None:
    together = Engine(load_document(None, pack_names()))
    assert describe(together.decide(query(who=identity(via="person"))))["outcome"] == "deny"
