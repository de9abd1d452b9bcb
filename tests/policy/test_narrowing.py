"""A pack for some resources only, or only observed."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from policy.document import Document, load_document
from policy.engine import Engine
from policy.explain import describe
from policy.problems import PolicyDocumentError
from tests.policy.queries import operation, query, resource

WRITE = operation(["write"], ["insert"])
CARDS = operation(["read"], ["read"])
OPEN = '@id("open") @reason("r") permit (principal, action, resource);'


@dataclass(frozen=True)
class Choice:
    pack: str
    tags: dict[str, str] = field(default_factory=dict)
    mode: str = "enforce"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> object:
    made = tmp_path_factory.mktemp("rules")
    (made / "open.cedar").write_text(OPEN)
    return made


def loaded(folder: object, *packs: str | Choice) -> Document:
    return load_document(folder, packs)  # type: ignore[arg-type]


def outcome(document: Document, tags: dict[str, str]) -> str:
    return str(describe(Engine(document).decide(query(WRITE, where=resource(tags))))["outcome"])


def test_a_pack_applies_where_every_tag_is_as_said(folder: object) -> None:
    narrow = loaded(folder, Choice("change-freeze", {"env": "prod", "team": "shop"}))
    assert outcome(narrow, {"env": "prod", "team": "shop", "more": "x"}) == "deny"
    assert outcome(narrow, {"env": "prod"}) == "allow"
    assert outcome(narrow, {"env": "prod", "team": "crm"}) == "allow"
    assert outcome(narrow, {}) == "allow"


def test_a_pack_without_tags_applies_everywhere_and_is_the_same_as_its_name(folder: object) -> None:
    whole = loaded(folder, Choice("change-freeze"))
    assert outcome(whole, {}) == "deny"
    assert whole.version == loaded(folder, "change-freeze").version


def test_rules_about_labels_are_narrowed_by_the_tags_of_the_resource(folder: object) -> None:
    document = loaded(folder, Choice("pci", {"pci": "yes"}))
    for tags, shown in (({"pci": "yes"}, []), ({"pci": "no"}, ["CVV"]), ({}, ["CVV"])):
        decided = describe(Engine(document).decide(query(CARDS, where=resource(tags), labels=["CVV"])))
        assert decided["obligations"]["revealed"] == shown, tags


def test_an_observed_pack_says_what_it_would_have_done_and_does_not_do_it(folder: object) -> None:
    decided = describe(Engine(loaded(folder, Choice("change-freeze", mode="observe"))).decide(query(WRITE)))
    assert decided["outcome"] == "allow"
    assert [(r["rule"], r["text"]) for r in decided["reasons"] if r["rule"].startswith("change")] == [
        ("change-freeze.agents", "observed: There is a change freeze. Nothing was changed.")
    ]


def test_another_choice_is_another_version(folder: object) -> None:
    choices = (
        Choice("pci"),
        Choice("pci", mode="observe"),
        Choice("pci", {"a": "b"}),
        Choice("pci", {"a": "c"}),
        Choice("pci", {"a": "b"}, "observe"),
    )
    assert len({loaded(folder, choice).version for choice in choices}) == len(choices)


def test_tags_are_data_and_cannot_become_rules(folder: object) -> None:
    tags = {'a"b': '") || true || ("'}
    assert outcome(loaded(folder, Choice("change-freeze", tags)), {}) == "allow"
    assert outcome(loaded(folder, Choice("change-freeze", tags)), tags) == "deny"


def test_one_pack_in_two_ways_is_refused(folder: object) -> None:
    with pytest.raises(PolicyDocumentError, match="named twice"):
        loaded(folder, "pci", Choice("pci", mode="observe"))


def test_an_unknown_pack_is_refused_with_the_nearest_name(folder: object) -> None:
    with pytest.raises(PolicyDocumentError, match="did you mean 'pci'"):
        loaded(folder, Choice("pcl"))
