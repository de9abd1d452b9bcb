"""Who is visible where: CTE names, aliases and tables of a query and of the queries around it. Names fold case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlglot import exp

from backends.sqltree.language import Parts


@dataclass(slots=True)
class Scope:
    """One level of names: alias → the base table's name, or None for what is derived."""

    parent: Scope | None = None
    sources: dict[str, Parts | None] = field(default_factory=dict)
    ctes: dict[str, exp.Expr] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()

    def child(self) -> Scope:
        return Scope(self)

    def levels(self) -> Iterator[Scope]:
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def cte(self, name: str) -> exp.Expr | None:
        folded = name.casefold()
        return next((level.ctes[folded] for level in self.levels() if folded in level.ctes), None)

    def source(self, alias: str) -> tuple[bool, Parts | None]:
        """Whether an alias is known, and its base table."""
        folded = alias.casefold()
        for level in self.levels():
            if folded in level.sources:
                return True, level.sources[folded]
        return False, None

    def in_sight(self) -> list[Parts | None]:
        return [table for level in self.levels() for table in level.sources.values()]


def parts_of(table: exp.Expr) -> Parts:
    """The name of a Table node as it is written, without what was left out; () if it is no plain name."""
    if not isinstance(table, exp.Table):
        return ()
    parts: list[str] = []
    for piece in (table.args.get("catalog"), table.args.get("db"), table.this):
        while isinstance(piece, exp.Dot):
            parts.append(piece.this.name)
            piece = piece.expression
        if isinstance(piece, exp.Identifier):
            parts.append(_sigil(piece) + piece.name)
        elif piece is not None:
            return ()
    return tuple(parts) if len(parts) > 1 else ("", *parts)


def _sigil(name: exp.Identifier) -> str:
    """sqlglot takes the # off the names of T-SQL's temporary tables, even if they are quoted."""
    return "#" if name.args.get("temporary") else "##" if name.args.get("global_") else ""


def alias_of(table: exp.Expr) -> str:
    return str(table.alias or (parts_of(table) or ("",))[-1])


def add_source(scope: Scope, item: exp.Expr) -> None:
    """What a FROM item and the joins inside it make visible."""
    pending = [item]
    while pending:
        node = pending.pop()
        if isinstance(node, exp.Join):
            node = node.this
        if isinstance(node, exp.Table):
            parts = parts_of(node)
            derived = not parts or (parts[0] == "" and len(parts) == 2 and scope.cte(parts[1]) is not None)
            scope.sources[alias_of(node).casefold()] = None if derived else parts
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and not node.alias:
            pending.append(node.this)
        elif isinstance(node, exp.Expr):
            scope.sources[str(node.alias).casefold()] = None
        pending += node.args.get("joins") or ()
