"""Who is visible where: CTE names, aliases and tables of a query and of the queries around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from backends.postgres.names import Name, relation_name, strings

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What one alias stands for: base tables (none = derived, its columns were counted inside).

    `exact` is False where column names may differ from the table's own (column aliases, join aliases). `origin` is the
    query or function that a derived relation comes from, `level` where a function's arguments are looked up, `names`
    the column aliases. `joined` = the alias of a join, whose parts are in sight as well. `given` = rows that the
    statement brings along (`excluded`): nothing stored is read through it.
    """

    tables: tuple[Name, ...] = ()
    exact: bool = True
    origin: Tree | None = None
    level: Scope | None = None
    names: tuple[str, ...] = ()
    joined: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """All tables in sight, those whose columns go by other names, and the only one if there is no choice.

    `derived` = something is in sight, so that a bare name without tables is a column of a sub-select.
    """

    tables: frozenset[Name]
    renamed: frozenset[Name]
    only: Name | None
    derived: bool


@dataclass(slots=True)
class Scope:
    """One level of names. `planned` = inside an EXPLAIN that runs nothing. `ordered` = the query whose ORDER BY
    this is; `outputs` are the names that it gives its columns."""

    parent: Scope | None = None
    planned: bool = False
    ctes: dict[str, Tree] = field(default_factory=dict)
    cte_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    ordered: Tree | None = None
    _reach: Reach | None = None

    def child(self) -> Scope:
        return Scope(self, self.planned)

    def levels(self) -> Iterator[Scope]:
        level: Scope | None = self
        while level is not None:
            yield level
            level = level.parent

    def cte(self, name: str) -> Tree | None:
        """The CTE that `name` means here; None if it can only be a table."""
        for level in self.levels():
            if name in level.ctes:
                return level.ctes[name]
        return None

    def cte_columns(self, name: str) -> tuple[str, ...]:
        """The column aliases of that CTE."""
        return next((level.cte_names.get(name, ()) for level in self.levels() if name in level.ctes), ())

    def source(self, alias: str) -> Source | None:
        for level in self.levels():
            if alias in level.sources:
                return level.sources[alias]
        return None

    def reach(self) -> Reach:
        """What a bare column name may belong to. Kept: sources are bound before anything in the scope is visited."""
        if self._reach is None:
            visible = [source for level in self.levels() for source in level.sources.values()]
            tables = frozenset(table for source in visible for table in source.tables)
            renamed = frozenset(table for source in visible if not source.exact for table in source.tables)
            lone = len(tables) == 1 and not renamed and all(source.tables for source in visible)
            self._reach = Reach(tables, renamed, next(iter(tables)) if lone else None, derived=bool(visible))
        return self._reach


def bind(scope: Scope, alias: str, source: Source) -> None:
    """Bind an alias. Two tables of one name in different schemas share theirs: then either may be meant.

    What has no alias is kept under a name that no text can hold.
    """
    alias = alias or f"\0{len(scope.sources)}"
    taken = scope.sources.get(alias)
    scope.sources[alias] = Source((*taken.tables, *source.tables), False) if taken else source


def add_table(scope: Scope, range_var: Tree, *, target: bool = False) -> None:
    """Make a RangeVar visible under its alias. The target of a write is a table even if a CTE has its name."""
    name = relation_name(range_var)
    alias = range_var.get("alias", {})
    names = strings(alias.get("colnames", ()))
    cte = None if target or "schemaname" in range_var else scope.cte(name[1])
    if cte is None:
        source = Source((name,), exact=not names, names=names)
    else:
        source = Source(origin=cte, names=(*names, *scope.cte_columns(name[1])[len(names) :]))
    bind(scope, alias.get("aliasname", name[1]), source)


def add_sources(scope: Scope, from_clause: Iterable[Tree]) -> None:
    """Make everything a FROM list names visible. Iterative: a chain of joins is as deep as it is long."""
    pending = list(from_clause)
    while pending:
        for kind, node in pending.pop().items():
            if kind == "RangeVar":
                add_table(scope, node)
            elif kind == "JoinExpr":
                pending += [node[side] for side in ("larg", "rarg") if side in node]
                for alias in ("alias", "join_using_alias"):
                    if alias in node:
                        names = strings(node[alias].get("colnames", ()))
                        tables = tuple(tables_under(scope, node))
                        bind(scope, node[alias]["aliasname"], Source(tables, False, names=names, joined=True))
            elif kind == "RangeTableSample":
                pending.append(node["relation"])
            elif kind == "RangeSubselect":
                alias = node.get("alias", {})
                names = strings(alias.get("colnames", ()))
                bind(scope, alias.get("aliasname", ""), Source(origin=node.get("subquery"), names=names))
            else:
                name = node.get("alias", {}).get("aliasname") or _function_name(node)
                bind(scope, name, Source(origin={kind: node}, level=scope))


def tables_under(scope: Scope, join: Tree) -> Iterator[Name]:
    """The base tables that a join brings together."""
    pending = [join]
    while pending:
        node = pending.pop()
        for side in ("larg", "rarg"):
            for kind, inner in node.get(side, {}).items():
                if kind == "JoinExpr":
                    pending.append(inner)
                elif kind == "RangeVar" and ("schemaname" in inner or scope.cte(inner["relname"]) is None):
                    yield relation_name(inner)


def _function_name(node: Tree) -> str:
    """A function in FROM without an alias is known by its own name; "" where there is none."""
    for item in node.get("functions", ()):
        for call in item.get("List", {}).get("items", ()):
            words = strings(call.get("FuncCall", {}).get("funcname", ()))
            if words:
                return words[-1]
    return ""
