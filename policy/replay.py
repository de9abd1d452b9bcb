"""Recorded history asked again: what would other rules have decided?

A record holds the facts that the parser found, so it can be judged again without parsing. It does not hold which labels
the columns carried: those are taken from what is known of the tables now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from catalog.labels import Labels
from catalog.model import Locator, Resource
from policy.diff import Question
from policy.login import mode_of, select_login
from policy.model import Action, Agent, Identity, Operation, Query

TEXT = 120  # characters of a statement that a summary shows


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose session it was, from its first record."""

    user: str
    groups: Sequence[str]
    via: str
    client_id: str
    client_name: str


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded operation. `event` are the fields of its opening record, `at` is UNIX seconds."""

    caller: Caller
    at: float
    event: Mapping[str, Any]


def question_of(call: Call, resources: Mapping[str, Resource], labels: Mapping[str, Labels]) -> Question | None:
    """The call as a question; None for a resource that is no longer configured."""
    resource = resources.get(call.event["resource"])
    if resource is None:
        return None
    caller, event = call.caller, call.event
    agent = Agent(caller.client_id, caller.client_name) if caller.via == "agent" else None
    targets = tuple(place(name) for name in event["targets"])
    known = labels.get(resource.name)
    query = Query(
        identity=Identity(caller.user, "replay", frozenset(caller.groups), agent=agent),
        resource=resource,
        operation=Operation(
            resource.kind,
            event["verb"],
            event["text"],
            actions=_actions(event["actions"]),
            effects=frozenset(event["effects"]),
            targets=targets,
        ),
        labels=known.of(targets) if known else frozenset(),
        now=datetime.fromtimestamp(call.at, UTC),
    )
    query = replace(query, mode=mode_of(resource, select_login(resource, query.identity), query.identity))
    return Question(f"{caller.user}, by {caller.via}", resource.name, _short(event["text"]), query)


def place(name: str) -> Locator:
    """A target as a record names it: "schema.table", "table"."""
    schema, _, table = name.rpartition(".")
    return Locator("table", (schema, table))


def _actions(names: Sequence[str]) -> frozenset[Action]:
    """An action that this version does not know counts as unknown."""
    known = {str(action): action for action in Action}
    return frozenset(known.get(name, Action.UNKNOWN) for name in names)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TEXT else f"{line[: TEXT - 1]}…"
