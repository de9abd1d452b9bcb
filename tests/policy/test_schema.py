"""The schema, the vocabulary and the code that builds facts must speak of the same things."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import pairwise

import cedarpy
import pytest

from catalog.model import Label
from policy.effects import EFFECTS, Effect
from policy.facts import context_of
from policy.model import Action
from policy.vocabulary import ENTITY_TYPES, FACT_FIELDS, MOMENT_FIELDS
from tests.policy.queries import operation, query

SCHEMA = files("policy").joinpath("warded.cedarschema").read_text("utf-8")


def accepts(condition: str, action: str = "read") -> bool:
    rule = f'permit (principal, action == Action::"{action}", resource) when {{ {condition} }};'
    return cedarpy.validate_policies(rule, SCHEMA).validation_passed


def test_the_facts_that_are_built_are_the_facts_of_the_schema() -> None:
    context = context_of(query())
    assert tuple(context) == FACT_FIELDS
    assert tuple(context["now"]) == MOMENT_FIELDS
    facts = re.search(r"type Facts = \{(.*?)\n\};", SCHEMA, re.DOTALL)
    assert facts
    assert tuple(re.findall(r"^  (\w+):", facts[1], re.MULTILINE)) == FACT_FIELDS


def test_a_full_context_passes_the_schema() -> None:
    schema = cedarpy.Schema.from_str(SCHEMA)
    asked = query(operation(targets=["a.b"]), labels=["EMAIL"], approvals=["leads"])
    request = {
        "principal": {"type": "User", "id": "ada"},
        "action": {"type": "Action", "id": "read"},
        "resource": {"type": "Resource", "id": "shop-db"},
        "context": json.dumps(context_of(asked, masked=[Label.EMAIL])),
    }
    answer = cedarpy.is_authorized(request, "permit (principal, action, resource);", [], schema)
    assert answer.allowed, answer.diagnostics.errors


@pytest.mark.parametrize("action", Action)
def test_every_action_is_in_the_schema(action: Action) -> None:
    assert accepts("true", action)


@pytest.mark.parametrize("label", Label)
def test_every_label_is_in_the_schema(label: Label) -> None:
    rule = f'permit (principal, action == Action::"reveal", resource == Label::"{label}");'
    assert cedarpy.validate_policies(rule, SCHEMA).validation_passed


def test_the_schema_knows_no_label_and_no_entity_beside_ours() -> None:
    labels = re.search(r"entity Label enum \[(.*?)\]", SCHEMA, re.DOTALL)
    assert labels
    assert set(re.findall(r'"(\w+)"', labels[1])) == set(Label)
    assert {*re.findall(r"^entity (\w+)", SCHEMA, re.MULTILINE), "Action"} == set(ENTITY_TYPES)


def test_every_line_of_the_schema_that_declares_something_is_explained_above() -> None:
    declared = re.compile(r"  \w+: |  \"[a-z]+\",?$|entity |type |action ")
    lines = re.sub(r"appliesTo \{.*?\};", "", SCHEMA, flags=re.DOTALL).splitlines()
    checked = [(above, line) for above, line in pairwise(lines) if declared.match(line)]
    assert len(checked) > len(FACT_FIELDS) + len(MOMENT_FIELDS) + len(Action)
    assert [line for above, line in checked if not above.lstrip().startswith("//")] == []


def test_every_effect_is_explained() -> None:
    assert [name for name, _ in EFFECTS] == list(Effect)
    assert all(doc.endswith(".") for _, doc in EFFECTS)
