"""What a protocol folder must offer. Server iterates over these; it never names a protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from catalog.model import Finding, Locator, Login, Resource
from policy.effects import Effect
from policy.model import Action, Operation
from policy.permit import Permit

if TYPE_CHECKING:
    from backends.door import Front


@dataclass(frozen=True, slots=True)
class Verb:
    """What may be asked, as plain data; server makes an MCP tool of it.

    `input_schema` and `output_schema` are JSON Schema objects (2020-12). The input always has
    the string property `resource`, unless the verb is bound to one: then `resource` names it, and the arguments are
    all its own. `hints` are MCP annotations (readOnlyHint, ...). A verb that
    `describes` answers with rows whose columns `schema`, `table` and `column` name a place; the
    server adds how each place comes masked.
    """

    name: str
    title: str
    doc: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    hints: Mapping[str, bool]
    describes: bool = False
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One result column. `type` is the target's own type name. `origin` is the base column it comes
    from unchanged; None = computed."""

    name: str
    type: str
    origin: Locator | None = None
    type_oid: int = 0


@dataclass(frozen=True, slots=True)
class Columns:
    """Always precedes the first Rows: the shape of what comes, and the relations that the statement names.

    A second Columns replaces the first. It comes before any Rows, when the schema changed in between.
    """

    columns: tuple[Column, ...]
    relations: tuple[Locator, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows, each a list of cells in the target's own text form; None is SQL NULL."""

    rows: list[list[str | None]]


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of one of an answer's texts, such as what a command prints on `stdout`; pieces of a channel in order."""

    data: bytes
    channel: str = "stdout"


@dataclass(frozen=True, slots=True)
class Document:
    value: Any


@dataclass(frozen=True, slots=True)
class Json:
    """A part of an answer that is JSON text. `channel` "document" = the answer's structured part, else one of its
    texts."""

    text: str
    channel: str = "document"


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an answer that is whole. `affected` = rows changed (None for reads). `outcome` is told to the caller:
    how a command ended.

    `truncated` is "", "rows" or "bytes": the limit that stopped it.
    """

    tag: str = ""
    affected: int | None = None
    truncated: str = ""
    notices: tuple[str, ...] = ()
    outcome: str = ""


Chunk = Columns | Rows | Text | Json | Document | Done


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one execution: rows, bytes of cells, seconds by the gateway's own clock.

    `max_affected` bounds the rows it may change, None = no bound; with more it changes none and ends in the error
    `limit`.
    """

    max_rows: int
    max_bytes: int
    timeout: float
    max_affected: int | None = None


@dataclass(frozen=True, slots=True)
class ColumnSample:
    """What a catalog scan saw of one column: identity, declared type, sampled values (never stored).

    `derived_from` lists base columns when the column belongs to a view: an exact copy when `exact`.
    """

    locator: Locator
    type: str
    values: tuple[str, ...]
    derived_from: tuple[Locator, ...] = ()
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """One line of `warded doctor`: a check, whether it passed, and the remedy if not."""

    check: str
    ok: bool
    detail: str
    remedy: str = ""


class Upstream(Protocol):
    """An open target. One per resource; it keeps its own pool of connections per login."""

    def execute(self, permit: Permit, *, limits: Limits, label: str) -> AsyncGenerator[Chunk, None]:
        """Run what the permit allows; spends the permit. `label` names user and session to the target
        (application_name). Closing the iterator early cancels the work on the target.
        Raises UpstreamError."""
        ...

    def scan(self, *, sample: int, wanted: Wanted | None = None) -> AsyncIterator[ColumnSample]:
        """Sample every readable column with the scanner's login; at most `sample` values each.

        `wanted` is asked once for every table (schema, name), all of them before the first sample is taken.
        """
        ...

    async def check(self) -> list[Health]:
        """What doctor reports: reachable, logins work, TLS, rights wider than needed."""
        ...

    async def close(self) -> None: ...


Wanted = Callable[[str, str], bool]
"""Whether a scan looks at a table, by schema and name."""

Secrets = Callable[[str], str]
"""Resolves a secret reference (`env:NAME`, `file:/path`) just before use."""


class ParseFor(Protocol):
    def __call__(self, verb: str, arguments: Mapping[str, Any], *, target: object | None = None) -> Operation: ...


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A statement that might pass where another was refused, and what was changed, in words. `rows` = it gives at
    most so many, None = not known; such a one is of use only where the planner's estimate was the reason."""

    sql: str
    change: str
    rows: int | None = None


class Rewrites(Protocol):
    def __call__(
        self, operation: Operation, *, hidden: Callable[[Locator], bool], target: object | None = None
    ) -> Iterator[Rewrite]: ...


Need = tuple[Action, Effect]


@dataclass(frozen=True, slots=True)
class Right:
    """Something that an account may do at the target. It is of use if a policy allows any of `needs`; none of them:
    it never is. `remedy` is the statement that takes it away, without a semicolon."""

    what: str
    needs: tuple[Need, ...]
    remedy: str


@runtime_checkable
class Audited(Protocol):
    """An Upstream that can say what its accounts may do."""

    async def rights(self, login: Login) -> list[Right]:
        """Every right beyond plain reading. Raises UpstreamError."""
        ...


@runtime_checkable
class Informed(Protocol):
    """An Upstream that can say what names mean at its target."""

    async def target(self, login: Login, *, missed: bool = False) -> object | None:
        """An immutable picture of the target's definitions, for `Backend.parse_for`; None if it cannot be had.

        `missed` = the last one did not know a name that was asked for. Never raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb that a target itself offers. `source` is what the target said of it, word for word; `probe` the operation
    as far as it is known without arguments; `reason` why it counts as what it counts as."""

    verb: Verb
    source: object
    probe: Operation
    reason: str = ""


@runtime_checkable
class Offering(Protocol):
    """An Upstream whose verbs its target says."""

    def offers(self) -> Mapping[str, Offer]:
        """By the verb's name, in order; the same object for as long as nothing changed. From memory."""
        ...

    def definitions(self) -> Sequence[object]:
        """All that the target said, also of what is not offered; the same object until that changed."""
        ...

    async def learn(self) -> None:
        """Bring this up to date, in bounded time; at once where it was done a moment ago. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """The bundle, the one thing registered in `backends.BACKENDS`.

    `parse(verb, arguments)` never raises on hostile input: what it cannot understand becomes an
    Operation with `Action.UNKNOWN` and a `problem`. It raises ValueError only for arguments that
    break the verb's input schema. `preview` derives the operation of a dry run: it plans and
    describes (Columns, then a Document with `estimated_rows`), and changes nothing. `parse_for` is
    `parse` with the keyword `target`: what `Informed.target` of the upstream gave, so that names mean
    what they mean there; None where the backend has no such thing. `rewrites` gives smaller statements
    in the place of a refused one, the smallest change first; `hidden` tells which columns its caller may
    not see. They are candidates only: whoever offers one has it judged first. `offering` = its upstreams
    are `Offering`.
    """

    name: str
    title: str
    verbs: tuple[Verb, ...]
    parse: Callable[[str, Mapping[str, Any]], Operation]
    preview: Callable[[Operation], Operation]
    open: Callable[[Resource, Secrets], Upstream]
    front: Front | None = None
    parse_for: ParseFor | None = None
    rewrites: Rewrites | None = None
    offering: bool = False


__all__ = [
    "Action",
    "Audited",
    "Backend",
    "Chunk",
    "Column",
    "ColumnSample",
    "Columns",
    "Document",
    "Done",
    "Finding",
    "Health",
    "Informed",
    "Json",
    "Limits",
    "Need",
    "Offer",
    "Offering",
    "Rewrite",
    "Rewrites",
    "Right",
    "Rows",
    "Secrets",
    "Text",
    "Upstream",
    "Verb",
    "Wanted",
]
