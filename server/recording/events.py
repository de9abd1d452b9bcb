"""The closed set of facts worth keeping. The name of a type ends in the version of its fields.

A field is never renamed or given another meaning: that is a new version, and readers keep the old one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar, get_args


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """The first record of every segment: whose records follow. `via` is "agent" or "person"."""

    type: ClassVar[str] = "session.opened/1"
    user: str
    groups: Sequence[str]
    via: str
    client_id: str
    client_name: str
    warded_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationOpened:
    """What is about to be asked of a target, durable before the target sees a byte of it.

    `digest` is the SHA-256 of everything the target would be sent, `decision` what the
    policy `policy_version` said, `reasons` its rules (`{"rule", "text", "suggestion", "place"}`; place is file:line),
    `request_id` the approval it waits for, if any.
    """

    type: ClassVar[str] = "operation.opened/1"
    operation_id: str
    door: str
    verb: str
    resource: str
    login: str
    text: str
    parameters: Sequence[Any] = ()
    actions: Sequence[str] = ()
    effects: Sequence[str] = ()
    targets: Sequence[str] = ()
    digest: str
    policy_version: str
    decision: str
    reasons: Sequence[Mapping[str, str]] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationClosed:
    """How it ended. `outcome` is ok, failed, denied, held or cancelled.

    `masked` lists the columns that were hidden (`{"column", "label", "mask"}`), `affected`
    the rows changed (None for reads), `truncated` the limit that stopped the answer. `revealed` lists the labelled
    columns that were shown because the caller asked for them (`{"column", "label", "reason"}`), `mask_key` is the id of
    the key that pseudonyms were made with, "" for none.
    """

    type: ClassVar[str] = "operation.closed/1"
    operation_id: str
    outcome: str
    rows: int = 0
    affected: int | None = None
    masked: Sequence[Mapping[str, str]] = ()
    masked_cells: int = 0
    truncated: str = ""
    error_code: str = ""
    duration_ms: float = 0.0
    revealed: Sequence[Mapping[str, str]] = ()
    mask_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDecided:
    """A person (or, with no user, all groups together) answered a request for approval."""

    type: ClassVar[str] = "request.decided/1"
    request_id: str
    decision: str
    user: str
    group: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnknown:
    """The writer of `segment` died between opening and closing `operation_id`: the target may have done it or not."""

    type: ClassVar[str] = "outcome.unknown/1"
    operation_id: str
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogChanged:
    """What the catalog says of a place has changed. `what` is found, changed, cleared, vanished, pinned, unpinned,
    accepted, refused (a decision that was not taken) or fail-open; `before` and `after` are labels, "" = clear; `by` is
    "" for Warded itself."""

    type: ClassVar[str] = "catalog.changed/1"
    resource: str
    place: str
    what: str
    before: str = ""
    after: str = ""
    by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChanged:
    """What an MCP server says of a tool or prompt is new (found), has changed, or was decided about: accepted,
    rejected, undone, refused (a decision that was not taken); disabled and enabled are about the whole server. `state`
    is what it is now, `before` the digest that was accepted until then; `by` is "" for Warded itself."""

    type: ClassVar[str] = "definition.changed/1"
    resource: str
    kind: str
    name: str
    what: str
    state: str = ""
    digest: str = ""
    before: str = ""
    by: str = ""
    why: str = ""
    suspicions: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOpened:
    """Somebody came in through a native door. `proof` is token, credential, certificate or bearer; `peer` the address
    that the connection came from; `login` the account at the target."""

    type: ClassVar[str] = "connection.opened/1"
    connection_id: str
    door: str
    resource: str
    login: str
    proof: str
    peer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionClosed:
    """A connection of a native door ended, for `reason`, after so many statements that were decided."""

    type: ClassVar[str] = "connection.closed/1"
    connection_id: str
    reason: str
    statements: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalRecorded:
    """What a terminal showed is in the file `name` beside the records: its SHA-256 and its size in bytes."""

    type: ClassVar[str] = "terminal.recorded/1"
    operation_id: str
    name: str
    sha256: str
    bytes: int


Event = (
    SessionOpened
    | OperationOpened
    | OperationClosed
    | RequestDecided
    | OutcomeUnknown
    | CatalogChanged
    | DefinitionChanged
    | ConnectionOpened
    | ConnectionClosed
    | TerminalRecorded
)

EVENTS: Mapping[str, type[Event]] = MappingProxyType({kind.type: kind for kind in get_args(Event)})
_FIELDS: Mapping[type, tuple[str, ...]] = MappingProxyType(
    {kind: tuple(each.name for each in fields(kind)) for kind in EVENTS.values()}
)


class UnknownEvent(Exception):
    """A type, or fields of a type, that this version does not know: written by a newer one."""


def to_dict(event: Event) -> dict[str, Any]:
    """The fields of the event, without its type."""
    return {name: getattr(event, name) for name in _FIELDS[type(event)]}


def from_dict(type_name: str, values: Mapping[str, Any]) -> Event:
    """The inverse of `to_dict`. Raises UnknownEvent."""
    kind = EVENTS.get(type_name)
    if kind is None:
        raise UnknownEvent(f"event {type_name!r}")
    try:
        return kind(**values)
    except TypeError as error:
        raise UnknownEvent(f"event {type_name!r} with the fields {', '.join(values)}") from error
