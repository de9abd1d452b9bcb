"""Which rows an expression looks at: the target's own, another relation's, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from backends.postgres.names import Name, strings
from backends.postgres.scope import Scope, add_sources
from backends.postgres.truth import Truth

Tree = dict[str, Any]


class Mention(IntEnum):
    """How surely an expression depends on the row of the target; the greater, the surer."""

    NONE = 0
    OTHER = 1  # rows of other relations only
    MAYBE = 2  # a bare name that may be a column of several relations
    OWN = 3


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a write's predicate chooses from.

    `aliases` are the names under which the target is visible, `others` those of joined relations (with their table,
    ("", "") if derived), `variables` the PL/pgSQL variables in sight, `parameters` the values of $1, $2, …
    `judge` tells the truth of a predicate over rows: sub-selects have predicates of their own.
    """

    table: Name
    aliases: frozenset[str]
    others: Mapping[str, Name]
    scope: Scope
    judge: Callable[[Tree, Rows], Truth]
    variables: frozenset[str] = frozenset()
    parameters: Sequence[object] = ()


def mentions(node: Any, rows: Rows) -> Mention:
    """The strongest mention of the target in an expression, sub-selects included."""
    best = Mention.NONE
    for parts, hidden, nested in _references(node):
        best = max(best, _mention(parts, rows, hidden=hidden, nested=nested))
        if best is Mention.OWN:
            break
    return best


def by_mention(node: object, rows: Rows) -> Truth:
    """A predicate of which nothing is known but whether it looks at the target's row."""
    mention = mentions(node, rows)
    if mention is Mention.OWN:
        return Truth.SCOPED
    return Truth.MAYBE if mention is Mention.MAYBE else Truth.CONSTANT


def _mention(parts: tuple[str, ...], rows: Rows, *, hidden: frozenset[str], nested: bool) -> Mention:
    if len(parts) > 1:
        qualifier = parts[-2]
        if qualifier in hidden:
            return Mention.OTHER
        if qualifier in rows.aliases:
            return Mention.OWN
        return Mention.NONE if qualifier in rows.variables else Mention.OTHER
    name = parts[0] if parts else ""
    if name in rows.aliases and name not in hidden:
        return Mention.OWN
    if name in rows.variables:
        return Mention.NONE
    if name in hidden or name in rows.others:
        return Mention.OTHER
    if nested:
        return Mention.MAYBE
    return Mention.MAYBE if rows.others else Mention.OWN


def _references(node: Any) -> Iterator[tuple[tuple[str, ...], frozenset[str], bool]]:
    """Column references with the aliases that hide the target's there, and whether they stand in a sub-select."""
    pending: list[tuple[Any, frozenset[str], bool]] = [(node, frozenset(), False)]
    while pending:
        current, hidden, nested = pending.pop()
        if isinstance(current, list):
            pending += [(item, hidden, nested) for item in current]
        elif isinstance(current, dict):
            for kind, inner in current.items():
                if kind == "ColumnRef":
                    yield strings(inner.get("fields", ())), hidden, nested
                elif kind == "SelectStmt" and "fromClause" in inner:
                    pending.append((inner, hidden | aliases_in(inner), True))
                elif isinstance(inner, (dict, list)):
                    pending.append((inner, hidden, nested))


def aliases_in(query: Tree) -> frozenset[str]:
    level = Scope()
    add_sources(level, query.get("fromClause", ()))
    return frozenset(level.sources)


def own_column(node: Tree | None, rows: Rows) -> str:
    """The column's name if the expression is nothing but a column of the target, else ""."""
    parts = strings((node or {}).get("ColumnRef", {}).get("fields", ()))
    if not parts or mentions(node, rows) is not Mention.OWN:
        return ""
    return parts[-1]


def canonical(node: Any, rows: Rows) -> str:
    """A text that is the same for expressions that differ only in position, or in how they name the target."""
    return json.dumps(_plain(node, rows), sort_keys=True)


def _plain(node: Any, rows: Rows) -> Any:
    if isinstance(node, list):
        return [_plain(item, rows) for item in node]
    if not isinstance(node, dict):
        return node
    if "ColumnRef" in node:
        parts = strings(node["ColumnRef"].get("fields", ()))
        own = len(parts) > 1 and parts[-2] in rows.aliases
        return {"ColumnRef": parts[-1:] if own else parts}
    if "TypeCast" in node and "A_Const" not in node["TypeCast"].get("arg", {}):
        return _plain(node["TypeCast"]["arg"], rows)
    return {name: _plain(value, rows) for name, value in node.items() if name != "location"}
