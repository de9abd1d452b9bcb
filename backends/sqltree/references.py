"""Which rows an expression looks at: the target's own, another relation's, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from backends.sqltree.language import Language, Parts
from backends.sqltree.scope import Scope, add_source
from backends.sqltree.truth import Truth


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a write's predicate chooses from. Names fold case.

    `aliases` are the names under which the target is visible, `others` those of joined relations with their table
    (None if derived). `truth` tells the truth of a predicate over rows: sub-selects have predicates of their own.
    """

    table: Parts
    aliases: frozenset[str]
    others: dict[str, Parts | None]
    scope: Scope
    language: Language
    truth: Callable[[Any, Rows, bool], Truth]
    depth: int = field(default=0)


@dataclass(slots=True)
class Mentions:
    """Whether the target's row, other rows, or a name that may be either, are looked at."""

    own: bool = False
    other: bool = False
    maybe: bool = False


def mentions(nodes: object, rows: Rows) -> Mentions:
    """Everything that an expression, or several, look at, sub-selects included."""
    found = Mentions()
    for column, hidden, nested in _columns(nodes):
        _mention(column, rows, found, hidden=hidden, nested=nested)
    return found


def _mention(column: exp.Column, rows: Rows, found: Mentions, *, hidden: frozenset[str], nested: bool) -> None:
    qualifier = column.table.casefold()
    if qualifier:
        if qualifier in rows.aliases and qualifier not in hidden:
            found.own = True
        else:
            found.other = True
    elif nested or rows.others:
        found.maybe = True
    else:
        found.own = True


def _columns(nodes: object) -> Iterator[tuple[exp.Column, frozenset[str], bool]]:
    """Column references with the aliases that hide the target's there, and whether they stand in a sub-select."""
    pending: list[tuple[object, frozenset[str], bool]] = [(nodes, frozenset(), False)]
    while pending:
        node, hidden, nested = pending.pop()
        if isinstance(node, (list, tuple)):
            pending += [(item, hidden, nested) for item in node]
        elif isinstance(node, exp.Column):
            yield node, hidden, nested
        elif isinstance(node, exp.Select) and node.args.get("from_"):
            inside = hidden | aliases_in(node)
            pending += [(value, inside, True) for value in node.args.values()]
        elif isinstance(node, exp.Expr):
            pending += [(value, hidden, nested) for value in node.args.values()]


def aliases_in(query: exp.Expr) -> frozenset[str]:
    level = Scope()
    for item in sources_of(query):
        add_source(level, item)
    return frozenset(level.sources)


def sources_of(query: exp.Expr) -> list[exp.Expr]:
    """The FROM items of a query; joins count as items."""
    table = query.args.get("from_")
    return [*([table.this] if table is not None else []), *(query.args.get("joins") or ())]


def by_mention(nodes: object, rows: Rows) -> Truth:
    """A predicate of which nothing is known but which rows it looks at."""
    found = mentions(nodes, rows)
    if found.own:
        return Truth.LINK if found.other else Truth.SCOPED
    if found.maybe:
        return Truth.MAYBE
    return Truth.OTHER if found.other and rows.others else Truth.CONSTANT


def own_column(node: object, rows: Rows) -> str:
    """The column's name, folded, if the expression is nothing but a column of the target, else ""."""
    while isinstance(node, exp.Paren):
        node = node.this
    if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
        return ""
    return node.name.casefold() if mentions(node, rows).own else ""


def canonical(node: object, rows: Rows) -> tuple[Any, ...]:
    """The same for expressions that differ only in case, parentheses, or in how they name the target."""
    while isinstance(node, (exp.Paren, exp.Collate)):
        node = node.this
    if isinstance(node, exp.Column):
        own = not node.table or node.table.casefold() in rows.aliases
        return ("column", "" if own else node.table.casefold(), node.name.casefold())
    if isinstance(node, exp.Literal):
        return ("literal", node.is_string, node.this)
    if isinstance(node, exp.Expr):
        return (type(node).__name__, *((key, canonical(value, rows)) for key, value in node.args.items() if value))
    if isinstance(node, list):
        return tuple(canonical(item, rows) for item in node)
    return (str(node).casefold(),)


def is_random(node: object) -> bool:
    """Whether an expression differs from call to call, so that it is not equal to itself."""
    return isinstance(node, exp.Expr) and any(
        isinstance(item, (exp.Rand, exp.Uuid)) or (isinstance(item, exp.Anonymous) and item.name.upper() == "NEWID")
        for item in node.walk()
    )
