"""Bulk decisions: one line of JSON in, one line of JSON out. The contract is in docs/policy.md, "Deciding in bulk".

The decision is the engine's, by the packs `PACKS`, for an agent on a resource that carries the
tag `agents` with the mode of the line. Nothing is decided here: this module only turns a line
into a Query and a Decision into a line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog.model import Label, Locator, Resource
from policy.document import load_document
from policy.effects import Effect
from policy.engine import Engine
from policy.model import Agent, Allow, Deny, Hold, Identity, Mode, Operation, Query
from policy.steering import EFFECTS

PACKS = ("baseline", "agents")
MODES: tuple[Mode, ...] = ("read_only", "read_write")
MAX_LINE = 4_000_000  # bytes of a line
MAX_TEXT = 262_144  # characters of an input; more is refused unread
SESSION = "session"
"""The verb of a decided text: what a client sends on a connection that it holds."""

UNKNOWN_PROTOCOL = "unknown protocol"
DIALECTS: Mapping[str, str] = {
    "postgres": "postgres",
    "mysql": "mysql",
    "tsql": "mssql",
    "mongo": "mongodb",
    "bash": "ssh",
    "argv": "kubectl",
    "http": "http",
}
"""The protocol of a line that only names its dialect."""

TextParser = Callable[[object, Mapping[str, Any]], Operation]
"""(input, context) → Operation. Raises ValueError with a sentence for an input of the wrong type."""

Outcome = dict[str, Any]


class LineRefused(Exception):
    """The line is not a question. `line_id` is its id as far as it could be read."""

    def __init__(self, reason: str, line_id: object = None) -> None:
        super().__init__(reason)
        self.line_id = line_id


@dataclass(frozen=True, slots=True)
class Line:
    """One question. `masked` are (table, column) in lower case; table "" = of any table."""

    id: object
    protocol: str
    input: object
    mode: Mode
    masked: frozenset[tuple[str, str]]
    context: Mapping[str, Any]


class Decider:
    """Answers lines. Keeps what the engine remembers, and nothing else."""

    def __init__(self, engine: Engine, parsers: Mapping[str, TextParser]) -> None:
        self._engine, self._parsers = engine, parsers

    def answer(self, raw: bytes) -> bytes:
        """The answer to one line, without a line feed. Never raises for what a line holds."""
        line_id: object = None
        try:
            if len(raw) > MAX_LINE:
                raise LineRefused(f"the line is longer than {MAX_LINE} bytes")
            line = read_line(raw)
            line_id = line.id
            return encoded(self.decide(line))
        except LineRefused as refused:
            return encoded(denied(refused.line_id, str(refused)))
        except RecursionError:
            return encoded(denied(line_id, "the input is nested too deeply"))
        except Exception:  # noqa: BLE001 - a fault of ours refuses this line and leaves the others alone
            return encoded(denied(line_id, "the input could not be judged; this is a fault of the gateway"))

    def decide(self, line: Line) -> Outcome:
        parser = self._parsers.get(line.protocol)
        if parser is None:
            return denied(line.id, UNKNOWN_PROTOCOL)
        if isinstance(line.input, str) and len(line.input) > MAX_TEXT:
            return denied(line.id, f"the input is longer than {MAX_TEXT} characters")
        try:
            operation = parser(line.input, line.context)
        except ValueError as error:
            return denied(line.id, str(error))
        query = question(operation, line)
        return outcome(line.id, query, self._engine)


def new_decider(parsers: Mapping[str, TextParser]) -> Decider:
    """With the packs that ship with Warded, and nothing else. Raises PolicyDocumentError."""
    return Decider(Engine(load_document(None, PACKS)), parsers)


def read_line(raw: bytes) -> Line:
    """Raises LineRefused."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        raise LineRefused("the line is not JSON") from None
    if not isinstance(value, dict):
        raise LineRefused("the line is not a JSON object")
    line_id = value.get("id")
    context = value.get("context") or {}
    if not isinstance(context, dict):
        raise LineRefused("context is not an object", line_id)
    mode: Mode | None = next((known for known in MODES if known == (context.get("mode") or "read_write")), None)
    if mode is None:
        raise LineRefused("context.mode is neither read_only nor read_write", line_id)
    if "input" not in value:
        raise LineRefused("there is no input", line_id)
    return Line(line_id, _protocol(value), value["input"], mode=mode, masked=_masked(context, line_id), context=context)


def question(operation: Operation, line: Line) -> Query:
    """What the engine is asked. Suggestions and text are left out: no rule sees them, they only crowd its memory."""
    steered = steers(operation, line.masked)
    touched = bool(steered) or shows(operation, line.masked)
    asked = replace(
        operation,
        verb=SESSION,
        text="",
        statements=(),
        effects=operation.effects | steered,
    )
    return Query(
        identity=Identity("agent", "decide", agent=Agent("decide")),
        resource=Resource("resource", operation.protocol, "", tags={"env": "decide", "agents": line.mode}),
        operation=asked,
        labels=frozenset({Label.SECRET}) if touched else frozenset(),
        mode=line.mode,
    )


def steers(operation: Operation, masked: frozenset[tuple[str, str]]) -> frozenset[str]:
    """The effects of reading masked columns in any other way than as bare columns of the answer.

    What kind of value a masked column holds is not told, so it may be one that is found by trying.
    """
    uses = {steer.use for steer in operation.steering if _is_masked(steer.locator, masked)} if masked else set()
    effects = {Effect.MASKED_PREDICATE if use == "equality" else EFFECTS[use] for use in uses}
    return frozenset(effect.value for effect in effects)


def shows(operation: Operation, masked: frozenset[tuple[str, str]]) -> bool:
    """Whether a masked column may be touched at all."""
    if not masked:
        return False
    return operation.opaque or any(_is_masked(place, masked) for place in operation.columns)


def outcome(line_id: object, query: Query, engine: Engine) -> Outcome:
    decision = engine.decide(query)
    word = {Allow: "allow", Hold: "hold", Deny: "deny"}[type(decision)]
    reasons = decision.reasons
    problem = [query.operation.problem] if query.operation.problem else []
    return {
        "id": line_id,
        "decision": word,
        "effects": sorted(query.operation.effects),
        "reasons": list(dict.fromkeys((*(reason.text for reason in reasons), *problem))),
        "rules": list(dict.fromkeys(reason.rule for reason in reasons if reason.rule)),
    }


def denied(line_id: object, reason: str) -> Outcome:
    return {"id": line_id, "decision": "deny", "effects": [], "reasons": [reason], "rules": []}


def late(raw: bytes, reason: str) -> bytes:
    """The denial of a line that could not be answered, with its id if that can be read."""
    try:
        return encoded(denied(read_line(raw).id, reason))
    except LineRefused as refused:
        return encoded(denied(refused.line_id, reason))


def encoded(outcome: Outcome) -> bytes:
    return json.dumps(outcome).encode("ascii")


def _protocol(value: Mapping[str, Any]) -> str:
    protocol, dialect = value.get("protocol"), value.get("dialect")
    if protocol is None and isinstance(dialect, str):
        return DIALECTS.get(dialect, "")
    return protocol if isinstance(protocol, str) else ""


def _masked(context: Mapping[str, Any], line_id: object) -> frozenset[tuple[str, str]]:
    names = [*_names(context, "masked_columns", line_id), *_names(context, "masked_fields", line_id)]
    parts = [name.lower().split(".") for name in names]
    return frozenset((words[-2] if len(words) > 1 else "", words[-1]) for words in parts)


def _names(context: Mapping[str, Any], key: str, line_id: object) -> Iterable[str]:
    names = context.get(key) or []
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise LineRefused(f"context.{key} is not a list of names", line_id)
    return names


def _is_masked(place: Locator, masked: frozenset[tuple[str, str]]) -> bool:
    """A place that the text leaves open may be any; names compare without case, as most servers compare them."""
    if place.kind not in ("table", "column", "name"):
        return place.kind != "schema"
    table = (place.path[-1] if place.kind == "table" else place.path[-2]).lower()
    column = "*" if place.kind == "table" else place.path[-1].lower()
    return any(
        (not table or not known_table or table == known_table) and column in ("*", known_column)
        for known_table, known_column in masked
    )
