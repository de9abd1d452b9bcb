"""What a rule may see (Identity, Operation, Query) and what it may answer (Allow, Hold, Deny)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

from catalog.maskkinds import Kind
from catalog.model import Label, Locator, Login, Resource
from policy.ceilings import Ceiling

EMPTY: Mapping[str, str] = MappingProxyType({})
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Action(StrEnum):
    """What an operation does, the same words on every protocol (Cedar: `Action::"read"`)."""

    CONNECT = "connect"
    READ = "read"
    WRITE = "write"
    DEFINE = "define"
    ADMINISTER = "administer"
    RUN = "run"
    TRANSFER = "transfer"
    TUNNEL = "tunnel"
    REVEAL = "reveal"
    UNKNOWN = "unknown"


Via = Literal["agent", "person"]
Mode = Literal["read_only", "read_write"]


@dataclass(frozen=True, slots=True)
class Agent:
    """The program that acts for a person. Never a principal of its own."""

    client_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The human on whose behalf something happens, and the agent that acts.

    `user` is the stable user name in the store, `session` the log-in this call belongs to
    (one session = one recording), `scopes` and `expires_at` (UNIX seconds) come from the token.
    """

    user: str
    session: str
    groups: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    agent: Agent | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: int = 0

    @property
    def via(self) -> Via:
        return "agent" if self.agent else "person"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of an operation, for people to read: its kind ("DELETE"), its text, its effects and remedy."""

    kind: str
    text: str
    effects: frozenset[str] = frozenset()
    suggestion: str = ""


SteerUse = Literal["predicate", "equality", "order", "group", "aggregate", "transform", "row"]


@dataclass(frozen=True, slots=True)
class Steer:
    """One column that is read in another way than by returning its value as it stands.

    `use` says how: `predicate` (a condition on it decides which rows or values come: WHERE, ON,
    HAVING, CASE, FILTER, USING), `equality` (only compared for equality with constants or
    parameters, in a condition of the statement's WHERE), `order` (sorted by), `group` (grouped
    by, DISTINCT, compared by a set operation), `aggregate` (argument of an aggregate or window
    function), `transform` (argument of any other function, operator or cast), `row` (read as a
    part of a whole row). `locator` is a column; its schema or table is "" where the text does
    not say which one. A column named "*" is every column of that table (with table "": of every
    table of the statement). A locator of the kind "name" is a column only if the catalog knows one
    there; else the name means something that is listed besides.
    """

    use: SteerUse
    locator: Locator


@dataclass(frozen=True, slots=True)
class Poured:
    """What a write puts into one column: values of these columns. `exact` = unchanged values of one column, or, where
    the source is a table, all of its columns in their order."""

    sources: tuple[Locator, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """Where values of a write go. `columns` are the columns of `table` that are written, empty = in their order.

    `values` has one entry a column; None = any column may get any value that the statement reads. `made` = the
    statement makes or alters the table, so that what was known of it may be wrong.
    """

    table: Locator
    columns: tuple[str, ...] = ()
    values: tuple[Poured, ...] | None = ()
    made: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One parsed intent. Built by a backend's parser, read by rules, executed only under a Permit.

    `columns` are the columns the text mentions as far as the parser can tell (for display and
    for labels in rules; masks never rest on it). `problem` says why `actions` holds `unknown`.
    `opaque` means that the statement may touch relations that `targets` does not list.
    `steering` lists the columns that are read other than as a bare column of the answer; a
    parser in doubt lists the column. `probes` counts the constants that columns are compared with, 0 = not counted.
    `reveals` are columns that the caller asks to see in clear in this one operation
    (schema "" = any), with the reasons in `options`; `literals` are the texts written out in a statement that writes.
    `flows` say which columns a write fills from which.
    """

    protocol: str
    verb: str
    text: str
    parameters: tuple[object, ...] = ()
    actions: frozenset[Action] = frozenset({Action.UNKNOWN})
    effects: frozenset[str] = frozenset()
    targets: tuple[Locator, ...] = ()
    columns: tuple[Locator, ...] = ()
    statements: tuple[Statement, ...] = ()
    problem: str = ""
    opaque: bool = False
    steering: tuple[Steer, ...] = ()
    probes: int = 0
    reveals: tuple[Locator, ...] = ()
    literals: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()
    options: Mapping[str, str] = field(default_factory=lambda: EMPTY)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over everything the upstream would be sent."""
        return digest_of(self, self.text, self.parameters)


@dataclass(frozen=True, slots=True)
class Query:
    """Everything a rule may see: who, what, where, which labels, which approvals, when.

    `mode` is that of the resource for this caller. `tainted` = the session has read untrusted data. `estimated_rows`
    is what the target's planner expects, None = not known. `reveals` are the labels of the columns that the operation
    asks to see in clear (see `Operation.reveals`).
    """

    identity: Identity
    resource: Resource
    operation: Operation
    labels: frozenset[Label] = frozenset()
    approvals: frozenset[str] = frozenset()
    now: datetime | None = None
    mode: Mode = "read_write"
    tainted: bool = False
    estimated_rows: int | None = None
    reveals: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke: its id, what it says to people, the change that would pass, and its "file:line"."""

    rule: str
    text: str
    suggestion: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Obligations:
    """What an Allow demands. Where several rules apply the strictest wins.

    `revealed` labels may be seen in clear; every other label is masked. `max_rows` and
    `timeout` (seconds) are upper bounds, None = the configured default. `max_affected` bounds the
    rows that a write may change, None = no bound: a write that changes more is rolled back. `durability` is
    "kernel" or "disk" and only ever raises. `max_estimated` was a bound on the rows that the planner expects, and has
    been kept. `ceilings` bound what passes in a session or a day; all of them count. `masks` says how labels that stay
    hidden are masked, in the order of their names; any other label gets its default. `reveals` are labels that may be
    seen in the columns that the operation names, and nowhere else.
    """

    revealed: frozenset[Label] = frozenset()
    max_rows: int | None = None
    max_affected: int | None = None
    timeout: float | None = None
    durability: Literal["", "kernel", "disk"] = ""
    max_estimated: int | None = None
    ceilings: tuple[Ceiling, ...] = ()
    masks: tuple[tuple[Label, Kind], ...] = ()
    reveals: frozenset[Label] = frozenset()


@dataclass(frozen=True, slots=True)
class Allow:
    obligations: Obligations = field(default_factory=Obligations)
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Allowed once `approvers` (groups, every one of them) agree.

    Wraps the Allow it would become, so approving cannot lose a mask.
    """

    grant: Allow
    approvers: frozenset[str]
    within: float  # seconds until the request expires
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    reasons: tuple[Reason, ...] = ()
    remedy: str = ""


Decision = Allow | Hold | Deny


def approval_digest(query: Query, *, login: Login, policy_version: str, raises: Sequence[str] = ()) -> str:
    """What an approval is bound to: all that would run, as whom, for whom, under which policy (hex SHA-256).

    `raises` name the ceilings that the approval would raise.
    """
    agent = query.identity.agent
    return canonical_digest(
        [
            query.operation.digest,
            query.resource.name,
            query.resource.address,
            login.user,
            query.identity.user,
            agent.client_id if agent else "",
            policy_version,
            *raises,
        ]
    )


def digest_of(operation: Operation, text: str, parameters: Sequence[object]) -> str:
    """`Operation.digest` as it would be with this text and these parameters."""
    shown = [repr(value) for value in parameters]
    return canonical_digest([operation.protocol, operation.verb, text, shown, sorted(operation.options.items())])


def canonical_digest(value: object) -> str:
    """SHA-256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(_CANONICAL(value).encode("utf-8", "surrogatepass")).hexdigest()
