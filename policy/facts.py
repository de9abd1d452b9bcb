"""From a Query to what Cedar is asked: entities, context, requests. Field by field as in warded.cedarschema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from catalog.model import Label, Locator
from policy.effects import Effect
from policy.model import Action, Query
from policy.zones import PLAIN, Clocks, moment

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in for a missing time where no rule looks at it; where one does, the engine denies instead."""


def asked_actions(query: Query) -> tuple[Action, ...]:
    """`connect` first, then the operation's own; an operation that claims to do nothing is not understood."""
    own = query.operation.actions or frozenset({Action.UNKNOWN})
    return (Action.CONNECT, *sorted(own - {Action.CONNECT}))


UNKNOWN_ROWS = 2**63 - 1
"""Stands for an estimate that is not known: more than any bound."""

_HARMLESS = frozenset({Effect.PLAN_ONLY.value, Effect.CATALOG_READ.value})
_COUNTED = frozenset({Action.READ, Action.WRITE, Action.RUN, Action.TRANSFER, Action.UNKNOWN})


def context_of(query: Query, *, masked: Iterable[Label] = (), clocks: Clocks = PLAIN) -> dict[str, Any]:
    """The context of every request of this query. `masked` = labels that stay hidden, `clocks` = zones to tell."""
    agent, operation = query.identity.agent, query.operation
    return {
        "protocol": operation.protocol,
        "verb": operation.verb,
        "via": query.identity.via,
        "agent_id": agent.client_id if agent else "",
        "agent_name": agent.name if agent else "",
        "effects": sorted(operation.effects),
        "targets": sorted(set(target_names(operation.targets))),
        "opaque": operation.opaque,
        "estimated_rows": expected_rows(query),
        "mode": query.mode,
        "tainted": query.tainted,
        "labels": sorted(query.labels),
        "masked": sorted(masked),
        "approvals": sorted(query.approvals),
        "resource": {"__entity": _uid("Resource", query.resource.name)},
        **{name: moment(query.now or EPOCH, zone) for name, zone in clocks},
    }


def expected_rows(query: Query) -> int:
    """What the planner expects; UNKNOWN_ROWS where nobody asked it, 0 for what neither reads nor changes data."""
    operation = query.operation
    if operation.actions.isdisjoint(_COUNTED) and operation.actions:
        return 0
    if Effect.PLAN_ONLY in operation.effects and all(
        effect in _HARMLESS or effect.startswith("masked-") for effect in operation.effects
    ):
        return 0
    return UNKNOWN_ROWS if query.estimated_rows is None else query.estimated_rows


def target_names(targets: Iterable[Locator]) -> Iterator[str]:
    """ "schema.table" and "schema.*" of each target; "?" stands for a schema that the text did not name."""
    for target in targets:
        schema, *rest = target.path if target.kind in ("schema", "table", "column") else ("", *target.path)
        yield f"{_part(schema)}.*"
        if rest:
            yield ".".join((_part(schema), *map(_part, rest[:1] if target.kind == "column" else rest)))


def _part(name: str) -> str:
    """A part of a dotted name, quoted where the dots would be read wrongly without."""
    if not name:
        return "?"
    return json.dumps(name, ensure_ascii=False) if set(name) & set('."*?') else name


def entities_json(query: Query) -> str:
    """The user with groups and attributes, the resource with groups and tags."""
    identity, resource = query.identity, query.resource
    user = _entity("User", identity.user, tags=identity.attributes, parents=("Group", sorted(identity.groups)))
    thing = _entity("Resource", resource.name, tags=resource.tags, parents=("ResourceGroup", resource.groups))
    thing["attrs"] = {"kind": resource.kind}
    return json.dumps([user, thing])


def action_requests(query: Query, context: str) -> list[dict[str, Any]]:
    """One request for each asked action, in the order of `asked_actions`."""
    resource = _uid("Resource", query.resource.name)
    return [_request(query, action, resource=resource, context=context) for action in asked_actions(query)]


def reveal_requests(query: Query, context: str, *, labels: Iterable[Label]) -> list[dict[str, Any]]:
    return [_request(query, Action.REVEAL, resource=_uid("Label", str(label)), context=context) for label in labels]


def _request(query: Query, action: Action, *, resource: Mapping[str, str], context: str) -> dict[str, Any]:
    return {
        "principal": _uid("User", query.identity.user),
        "action": _uid("Action", str(action)),
        "resource": resource,
        "context": context,
    }


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(kind: str, name: str, *, tags: Mapping[str, str], parents: tuple[str, Iterable[str]]) -> dict[str, Any]:
    parent_kind, names = parents
    return {
        "uid": _uid(kind, name),
        "attrs": {},
        "tags": dict(tags),
        "parents": [_uid(parent_kind, parent) for parent in names],
    }
