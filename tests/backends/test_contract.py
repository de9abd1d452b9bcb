"""What every protocol folder owes the rest, asked of all registered backends alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from backends import load_backends
from backends.base import Backend, Verb
from policy.effects import EFFECTS
from policy.model import Action, Operation

BACKENDS = load_backends()
VERBS = [(backend, verb) for backend in BACKENDS for verb in backend.verbs]
IDS = [f"{backend.name}.{verb.name}" for backend, verb in VERBS]
EFFECT_NAMES = {name for name, _doc in EFFECTS}
HOSTILE = ["", "\0", "\ud800", "(" * 200_000, "x" * 1_000_000, "'; --", "\u202e", "{}", "[" * 5000 + "]" * 5000]


def example(verb: Verb, value: str = "orders") -> dict[str, Any]:
    """Arguments with `value` for every string that is required or in a language of its own."""
    arguments: dict[str, Any] = dict.fromkeys([*verb.input_schema["required"], *free_texts(verb)], value)
    return {**arguments, "resource": "shop"}


def free_texts(verb: Verb) -> list[str]:
    """The string arguments in a language that the backend has to understand."""
    return [name for name in ("sql", "command") if name in verb.input_schema["properties"]]


SPOKEN = [(backend, verb) for backend, verb in VERBS if free_texts(verb)]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_names_are_unique_and_there_is_something_to_ask(backend: Backend) -> None:
    names = [verb.name for verb in backend.verbs]
    assert bool(names) is not backend.offering
    assert len(set(names)) == len(names)
    assert backend.title


@pytest.mark.parametrize(("backend", "verb"), VERBS, ids=IDS)
def test_a_verb_is_plain_data_that_a_model_can_read(backend: Backend, verb: Verb) -> None:
    for schema in (verb.input_schema, verb.output_schema):
        json.dumps(schema)
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"])
    assert verb.input_schema["properties"]["resource"]["type"] == "string"
    assert "resource" in verb.input_schema["required"]
    assert {"status", "decision_id", "next_step"} <= set(verb.output_schema["required"])
    assert len(verb.doc) > 80
    assert {"readOnlyHint", "destructiveHint", "openWorldHint"} <= verb.hints.keys()


@pytest.mark.parametrize(("backend", "verb"), VERBS, ids=IDS)
@pytest.mark.parametrize("broken", [{}, {"resource": 1}, {"resource": "shop", "surely_not_an_argument": 1}])
def test_arguments_that_break_the_schema_raise_value_error(
    backend: Backend, verb: Verb, broken: Mapping[str, Any]
) -> None:
    with pytest.raises(ValueError):
        backend.parse(verb.name, broken)


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_a_verb_that_does_not_exist_raises_value_error(backend: Backend) -> None:
    with pytest.raises(ValueError):
        backend.parse("surely_not_a_verb", {"resource": "shop"})


@pytest.mark.parametrize(("backend", "verb"), SPOKEN, ids=[f"{backend.name}.{verb.name}" for backend, verb in SPOKEN])
@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:8]) for text in HOSTILE])
def test_hostile_text_is_an_unknown_operation_and_never_an_exception(backend: Backend, verb: Verb, text: str) -> None:
    operation = backend.parse(verb.name, example(verb, text))
    assert operation.opaque
    assert Action.UNKNOWN in operation.actions or "unknown-program" in operation.effects
    assert bool(operation.problem) == (Action.UNKNOWN in operation.actions)


@pytest.mark.parametrize(("backend", "verb"), VERBS, ids=IDS)
def test_a_verb_yields_targets_or_unknown(backend: Backend, verb: Verb) -> None:
    optional = {name: "orders" for name in verb.input_schema["properties"] if name == "table"}
    operation = backend.parse(verb.name, {**example(verb, "TABLE orders"), **optional})
    assert operation.targets or Action.UNKNOWN in operation.actions
    check_operation(operation, backend)


@pytest.mark.parametrize(("backend", "verb"), VERBS, ids=IDS)
def test_a_dry_run_reads_and_keeps_what_would_run(backend: Backend, verb: Verb) -> None:
    operation = backend.parse(verb.name, example(verb, "TABLE orders"))
    plan = backend.preview(operation)
    assert plan.actions <= {Action.READ, Action.UNKNOWN}
    assert (plan.text, plan.parameters, plan.targets) == (operation.text, operation.parameters, operation.targets)
    assert plan.digest != operation.digest
    check_operation(plan, backend)


@pytest.mark.parametrize(("backend", "verb"), VERBS, ids=IDS)
def test_the_same_arguments_give_the_same_digest(backend: Backend, verb: Verb) -> None:
    arguments = example(verb, "TABLE orders")
    assert backend.parse(verb.name, arguments).digest == backend.parse(verb.name, dict(arguments)).digest


def check_operation(operation: Operation, backend: Backend) -> None:
    assert operation.protocol == backend.name
    assert operation.actions
    assert set(operation.effects) <= EFFECT_NAMES
    assert {locator.kind for locator in operation.targets} <= {"schema", "table", "column", "path", "program"}
