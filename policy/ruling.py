"""Asks Cedar about one query and gathers which rules spoke. No decision is made here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cedarpy

from catalog.model import Label
from policy.document import Document
from policy.facts import action_requests, asked_actions, context_of, entities_json, reveal_requests
from policy.model import Action, Query
from policy.rule import Rule

_ERRED = re.compile(r"while evaluating policy `([^`]+)`")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the rules say about all the actions of a query.

    `errors` holds the ids of rules that could not be evaluated, "" for a query that Cedar could
    not take at all. `forbids` fired for some action. `permits` gave some action or label.
    `unpermitted` are actions that no rule forbids and none permits. `observed` are rules that are
    not enforced and would have spoken. `unrevealed` are labels asked for that no rule forbids and none permits.
    """

    errors: tuple[str, ...] = ()
    forbids: tuple[Rule, ...] = ()
    permits: tuple[Rule, ...] = ()
    unpermitted: tuple[Action, ...] = ()
    revealed: frozenset[Label] = frozenset()
    observed: tuple[Rule, ...] = ()
    unrevealed: tuple[Label, ...] = ()


def ask(document: Document, query: Query) -> Ruling:
    """Ask for reveal of every label that some rule could give, then for every action.

    Never raises for what a query holds.
    """
    try:
        return _ask(document, query)
    except (ValueError, OverflowError):  # text that is not Unicode, or a time outside the calendar
        return Ruling(errors=("",))


def revealed(document: Document, query: Query) -> frozenset[Label]:
    """The labels alone; none if the rules cannot be asked, or one of them errs. The time must be known if rules ask."""
    if document.uses_time and (query.now is None or query.now.tzinfo is None):
        return frozenset()
    try:
        entities = cedarpy.Entities.from_json_str(entities_json(query), document.schema)
        labels, _reveals, shown = _reveal(document, query, entities)
    except (ValueError, OverflowError):
        return frozenset()
    return frozenset() if _errors(shown) else _seen(labels, shown)


def _reveal(
    document: Document, query: Query, entities: cedarpy.Entities
) -> tuple[list[Label], list[dict[str, Any]], list[cedarpy.AuthzResult]]:
    """Of which labels it was asked, how, and the answers.

    An approval of single columns lifts the mask of these columns, not of all that carry the label.
    """
    labels = sorted(query.labels & document.revealable)
    if not labels:
        return [], [], []
    if query.reveals:
        query = replace(query, approvals=frozenset())
    return _reveal_of(document, query, entities, labels=labels)


def _reveal_of(
    document: Document, query: Query, entities: cedarpy.Entities, *, labels: list[Label]
) -> tuple[list[Label], list[dict[str, Any]], list[cedarpy.AuthzResult]]:
    reveals = reveal_requests(query, json.dumps(context_of(query, clocks=document.clocks)), labels=labels)
    return labels, reveals, _answers(reveals, document.enforced, entities, schema=document.schema)


def _seen(labels: list[Label], answers: list[cedarpy.AuthzResult]) -> frozenset[Label]:
    return frozenset(label for label, answer in zip(labels, answers, strict=True) if answer.allowed)


def _ask(document: Document, query: Query) -> Ruling:
    entities = cedarpy.Entities.from_json_str(entities_json(query), document.schema)
    labels, reveals, shown = _reveal(document, query, entities)
    revealed = _seen(labels, shown)
    wanted, _wishes, granted = _reveal_of(document, query, entities, labels=sorted(query.reveals - revealed))
    context = context_of(query, masked=query.labels - revealed, clocks=document.clocks)
    asked = action_requests(query, json.dumps(context))
    answers = _answers(asked, document.enforced, entities, schema=document.schema)
    permitting = [answer for answer in (*answers, *shown, *granted) if answer.allowed]
    return Ruling(
        errors=_errors((*answers, *shown, *granted)),
        forbids=_rules(document, [answer for answer in (*answers, *granted) if not answer.allowed]),
        permits=_rules(document, permitting),
        unpermitted=_unpermitted(query, answers),
        revealed=revealed,
        observed=_observed(document, [*asked, *reveals], entities=entities),
        unrevealed=tuple(label for label, answer in zip(wanted, granted, strict=True) if _silent(answer)),
    )


def _silent(answer: cedarpy.AuthzResult) -> bool:
    return not answer.allowed and not answer.diagnostics.reasons


def _answers(
    requests: list[dict[str, Any]],
    policies: cedarpy.PolicySet,
    entities: cedarpy.Entities,
    *,
    schema: cedarpy.Schema,
) -> list[cedarpy.AuthzResult]:
    return cedarpy.is_authorized_batch(requests, policies, entities, schema) if requests else []


def _rules(document: Document, answers: Iterable[cedarpy.AuthzResult]) -> tuple[Rule, ...]:
    """The determining rules of some answers, in the document's order."""
    spoke = {rule_id for answer in answers for rule_id in answer.diagnostics.reasons}
    return tuple(rule for rule in document.policies if rule.id in spoke) if spoke else ()


def _unpermitted(query: Query, answers: Sequence[cedarpy.AuthzResult]) -> tuple[Action, ...]:
    return tuple(action for action, answer in zip(asked_actions(query), answers, strict=True) if _silent(answer))


def _errors(answers: Iterable[cedarpy.AuthzResult]) -> tuple[str, ...]:
    """Cedar skips a rule that errs, a forbid included, so its name must not get lost."""
    ids: dict[str, None] = {}
    for answer in answers:
        for said in answer.diagnostics.errors:
            match = _ERRED.search(said)
            ids[match[1] if match else ""] = None
    return tuple(ids)


def _observed(document: Document, requests: list[dict[str, Any]], *, entities: cedarpy.Entities) -> tuple[Rule, ...]:
    """Forbids and permits are asked apart, so that a forbid does not hide a permit."""
    sets = [policies for policies in (document.observed_forbids, document.observed_permits) if policies is not None]
    answers = [answer for policies in sets for answer in _answers(requests, policies, entities, schema=document.schema)]
    return _rules(document, answers)
