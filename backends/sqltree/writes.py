"""INSERT, UPDATE, DELETE and MERGE: what they write, and whether they choose the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from backends.sqltree.constants import fold
from backends.sqltree.language import Parts
from backends.sqltree.predicates import Reach, judge, truth
from backends.sqltree.queries import open_with, push_predicate
from backends.sqltree.references import Rows
from backends.sqltree.scope import Scope, add_source, alias_of, parts_of
from backends.sqltree.subselects import covered_table
from backends.sqltree.truth import Truth
from backends.sqltree.walk import INNER, OUTPUT, Walk
from policy.effects import Effect
from policy.model import Action

UPDATE_EFFECTS: Mapping[Reach, tuple[Effect, ...]] = {
    Reach.MISSING: (Effect.UNBOUNDED_UPDATE,),
    Reach.ELSEWHERE: (Effect.UNBOUNDED_UPDATE,),
    Reach.TAUTOLOGY: (Effect.TAUTOLOGICAL_UPDATE,),
    Reach.WIDE: (Effect.SCOPED_UPDATE, Effect.SUSPICIOUS_PREDICATE),
    Reach.SCOPED: (Effect.SCOPED_UPDATE,),
}
DELETE_EFFECTS: Mapping[Reach, tuple[Effect, ...]] = {
    Reach.MISSING: (Effect.UNBOUNDED_DELETE,),
    Reach.ELSEWHERE: (Effect.UNBOUNDED_DELETE,),
    Reach.TAUTOLOGY: (Effect.TAUTOLOGICAL_DELETE,),
    Reach.WIDE: (Effect.SCOPED_DELETE, Effect.SUSPICIOUS_PREDICATE),
    Reach.SCOPED: (Effect.SCOPED_DELETE,),
}
_INSERT_CLAUSES = frozenset(
    "with_ this expression conflict returning ignore default stored partition columns hint".split()  # noqa: SIM905
)


def insert(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    inner = open_with(walk, node, scope)
    walk.mark((Action.WRITE,), Effect.INSERT)
    if any(value and name not in _INSERT_CLAUSES for name, value in node.args.items()):
        walk.facts.unknown("INSERT has a clause that is not known")
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    parts = _written(walk, target, inner)
    if isinstance(node.this, exp.Schema):
        for item in node.this.expressions:
            walk.touch_column(parts, item.name, OUTPUT)
    rows = node.args.get("expression")
    walk.push(rows, inner.parent or inner, OUTPUT if isinstance(rows, exp.Values) else "transform")
    if node.args.get("conflict"):
        walk.mark((), Effect.SCOPED_UPDATE)
        conflict = inner.child()
        add_source(conflict, target)
        walk.push(node.args["conflict"].expressions, conflict, "transform")
    _returning(walk, node, inner)


def update(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    """UPDATE, also of several tables (MySQL) and with FROM (T-SQL)."""
    inner = open_with(walk, node, scope)
    sources = _sources(node.args.get("from_"), node.this)
    if node.args.get("from_") is not None and not _is_among(node.this, sources):
        sources = [node.this, *sources]  # T-SQL: a target that FROM does not list is joined to all of it
    assigned = {item.this.table.casefold() for item in node.expressions if isinstance(item.this, exp.Column)}
    targets = _assigned_targets(assigned, sources, node)
    _open_sources(walk, sources, inner)
    for target in targets:
        _judge(walk, target, sources, node, scope=inner, effects=UPDATE_EFFECTS)
    for item in node.expressions:
        column, value = item.this, item.args.get("expression")
        if isinstance(column, exp.Column):
            walk.refer(column.table, column.name, inner, OUTPUT)
        else:
            walk.push(column, inner, "transform")
        walk.push(value, inner, "transform")
    _rest(walk, node, inner, skip=("this", "from_", "expressions"))


def _assigned_targets(assigned: set[str], sources: list[Any], node: Any) -> list[Any]:
    """The tables whose columns are assigned; the first one where the text does not say."""
    if node.args.get("from_") is not None:
        return _named_targets([node.this], sources)
    tables = [item for item in sources if _alias(item) in assigned]
    if assigned - {""} and len(tables) == len(assigned):
        return tables
    return tables or sources[:1]


def _alias(item: Any) -> str:
    node = item.this if isinstance(item, exp.Join) else item
    return alias_of(node).casefold() if isinstance(node, exp.Table) else str(node.alias).casefold()


def delete(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    """DELETE, also from several tables (MySQL) and with a second FROM (T-SQL)."""
    inner = open_with(walk, node, scope)
    named = list(node.args.get("tables") or ())
    using = node.args.get("using") or ()
    if using and node.this:
        named = [node.this, *(item.this for item in node.this.args.get("joins") or ())]
        sources = [source for item in using for source in _sources(None, item)]
    elif node.this:
        sources = _sources(None, node.this)
    else:
        sources, named = [item for table in named for item in _sources(None, table)], []
    _open_sources(walk, sources, inner)
    for target in _named_targets(named, sources):
        _judge(walk, target, sources, node, scope=inner, effects=DELETE_EFFECTS)
    _rest(walk, node, inner, skip=("this", "tables", "using"))


def _named_targets(named: list[Any], sources: list[Any]) -> list[Any]:
    if not named:
        return sources[:1]
    found = []
    for table in named:
        alias, parts = alias_of(table).casefold(), parts_of(table)
        match = [item for item in sources if _alias(item) == alias]
        match = match or [item for item in sources if parts_of(_bare(item))[-1:] == parts[-1:]]
        if not match:
            match = [table]  # not among the sources: joined to all of them
        found += match[:1]
    return found


def _bare(item: Any) -> Any:
    return item.this if isinstance(item, exp.Join) else item


def _sources(first: Any, target: Any) -> list[Any]:
    """The relations of a write, flat: the FROM item or the target itself, then what is joined to it."""
    start = first.this if first is not None else target
    found: list[Any] = []
    pending = [start, *((first.args.get("joins") or ()) if first is not None else ())]
    while pending:
        item = pending.pop(0)
        node = _bare(item)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and not node.alias:
            pending[:0] = [node.this, *(node.args.get("joins") or ())]
            continue
        found.append(item)
        pending[:0] = node.args.get("joins") or ()
    return found


def _is_among(target: Any, sources: list[Any]) -> bool:
    alias, parts = alias_of(target).casefold(), parts_of(target)
    return any(
        _alias(item) == alias or parts_of(_bare(item))[-1:] == parts[-1:] for item in sources if item is not target
    )


def _open_sources(walk: Walk, sources: Sequence[Any], scope: Scope) -> None:
    for item in sources:
        node = _bare(item)
        add_source(
            scope,
            exp.Table(
                this=node.this, db=node.args.get("db"), catalog=node.args.get("catalog"), alias=node.args.get("alias")
            )
            if isinstance(node, exp.Table)
            else node,
        )


def _judge(
    walk: Walk, target: Any, sources: list[Any], node: Any, *, scope: Scope, effects: Mapping[Reach, tuple[Effect, ...]]
) -> None:
    """What the statement's WHERE and its inner joins leave of one target; a CTE's own WHERE counts for it."""
    bare = _bare(target)
    where = node.args.get("where")
    predicates: list[Any] = [where.this] if where is not None else []
    outer: list[Any] = []
    for item in sources:
        if isinstance(item, exp.Join):
            on = item.args.get("on")
            (outer if item.args.get("side") else predicates).extend([on] if on is not None else _using(item))
    cte = scope.cte(alias_name(bare)) if isinstance(bare, exp.Table) else None
    query = cte if cte is not None else bare.this if isinstance(bare, exp.Subquery) else None
    parts = _target_parts(walk, bare, query, scope)
    rows = _rows(walk, bare, parts, sources, scope)
    if query is not None:
        inner = query.args.get("where") if isinstance(query, exp.Select) else None
        if inner is not None:
            predicates.append(_without_qualifiers(inner.this))
    if _is_own(walk, bare, parts):
        walk.mark((Action.WRITE,), Effect.SESSION_STATE)
        return
    links = [truth(item, rows) for item in outer if not isinstance(item, str)]
    walk.mark((Action.WRITE,), *effects[judge(predicates, links, rows)])


def _is_own(walk: Walk, node: Any, parts: Parts) -> bool:
    """A table variable, or a temporary table that no other session sees."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Parameter):
        return True
    prefix, name = walk.language.temporary, parts[-1]
    return bool(prefix) and name.startswith(prefix) and not name.startswith(prefix * 2)


def alias_name(node: Any) -> str:
    parts = parts_of(node)
    return parts[1] if len(parts) == 2 and not parts[0] else "\0"


def _without_qualifiers(predicate: Any) -> Any:
    """A condition inside a CTE names its table by an alias that the statement around it does not know."""
    copy = predicate.copy()
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    return copy


def _using(item: Any) -> list[Any]:
    """JOIN … USING (c) as a condition on the column of both sides."""
    return [
        exp.EQ(this=exp.column(name.name), expression=exp.column(name.name, table="\0other"))
        for name in item.args.get("using") or ()
    ]


def _target_parts(walk: Walk, bare: Any, query: Any, scope: Scope) -> Parts:
    if query is not None:
        source = query.args.get("from_") if isinstance(query, exp.Select) else None
        parts = parts_of(source.this) if source is not None else ()
        if not parts:
            walk.facts.add((), (), opaque=True)
            return ("", "")
    else:
        parts = parts_of(bare)
    if not parts:
        _variable_or_unknown(walk, bare)
        return ("", "")
    known, table = scope.source(parts[-1]) if len(parts) == 2 and not parts[0] else (False, None)
    parts = table if known and table is not None and query is None else parts
    walk.touch_table(parts, written=True)
    return parts


def _variable_or_unknown(walk: Walk, node: Any) -> None:
    if not (isinstance(node, exp.Table) and isinstance(node.this, exp.Parameter)):
        walk.facts.unknown("what is written is not named")


def _rows(walk: Walk, bare: Any, parts: Parts, sources: list[Any], scope: Scope) -> Rows:
    alias, parts = _alias(bare), parts or ("", "")
    others = {_alias(item): item for item in sources if _alias(item) != alias}
    rows = Rows(parts, frozenset({alias, parts[-1].casefold()} - set(others)), {}, scope, walk.language, truth)
    covered = {name: covered_table(_bare(item), rows, 5) for name, item in others.items()}
    return Rows(parts, rows.aliases, covered, scope, walk.language, truth)


def _rest(walk: Walk, node: Any, scope: Scope, *, skip: tuple[str, ...]) -> None:
    where = node.args.get("where")
    if where is not None:
        push_predicate(walk, where.this, scope)
    _returning(walk, node, scope)
    for name in ("this", "from_", "using"):
        if name in skip:
            _push_sources(walk, node.args.get(name), scope)
    walk.push_children(node, scope, "transform", skip=(*skip, "where", "returning", "with_", "hint", "options"))


def _push_sources(walk: Walk, value: Any, scope: Scope) -> None:
    """Sources that are only read count as read; a target counts where it is judged."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, exp.Expr):
            continue
        first = item.this if isinstance(item, exp.From) else item
        if item.args.get("joins") or isinstance(item, exp.From) or isinstance(first, exp.Subquery):
            walk.mark((Action.READ,), Effect.READ)
        walk.push(first, scope, INNER)
        if first is not item:
            walk.push(item.args.get("joins"), scope, OUTPUT)


def _returning(walk: Walk, node: Any, scope: Scope) -> None:
    returning = node.args.get("returning")
    if returning is not None:
        walk.mark((Action.READ,), Effect.READ)
        walk.push(returning.expressions, scope, OUTPUT)


def _written(walk: Walk, target: Any, scope: Scope) -> Parts:
    parts = parts_of(target)
    if parts:
        walk.touch_table(parts, written=True)
        add_source(scope, target)
    else:
        _variable_or_unknown(walk, target)
    return parts


def merge(walk: Walk, node: Any, scope: Scope, _use: str) -> None:
    inner = open_with(walk, node, scope)
    using, on = node.args.get("using"), node.args.get("on")
    add_source(inner, node.this)
    add_source(inner, using)
    walk.mark((Action.WRITE, Action.READ), Effect.MERGE, Effect.READ)
    parts = _written(walk, node.this, inner)
    whens = node.args.get("whens")
    for when in whens.expressions if whens is not None else ():
        _merge_branch(walk, node, when, _rows(walk, node.this, parts, [node.this, using], inner), inner)
    walk.push(using, inner, INNER)
    walk.push(on, inner, "predicate")
    _returning(walk, node, inner)
    walk.push_children(node, inner, "transform", skip=("this", "using", "on", "whens", "returning", "with_"))


def _merge_branch(walk: Walk, node: Any, when: Any, rows: Rows, scope: Scope) -> None:
    """Matched rows are chosen by the join and the branch's own condition; rows without a match by the latter only."""
    condition, action = when.args.get("condition"), when.args.get("then")
    on = node.args.get("on") if when.args.get("matched") else None
    word = action.name.upper() if isinstance(action, exp.Var) else type(action).__name__.upper()
    walk.push(condition, scope, "predicate")
    if word == "INSERT":
        walk.mark((), Effect.INSERT)
        walk.push_children(action, scope, "transform", skip=("this",))
    elif word in ("UPDATE", "DELETE"):
        predicates = [item for item in (on, condition) if item is not None]
        reach = judge(predicates, (), rows)
        if reach is Reach.WIDE and on is not None and _is_plain_link(on, rows):
            reach = Reach.SCOPED  # the source says which rows are meant: that is what MERGE is for
        walk.mark((), *(UPDATE_EFFECTS if word == "UPDATE" else DELETE_EFFECTS)[reach])
        if word == "UPDATE":
            walk.push(action.args.get("expressions"), scope, "transform")
    else:
        walk.facts.unknown("a branch of MERGE does something that is not known")


def _is_plain_link(on: Any, rows: Rows) -> bool:
    return truth(on, rows) is Truth.LINK and fold(on) is None
