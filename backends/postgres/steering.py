"""Which columns steer an answer: every reference that is more than a bare column, traced to its base columns.

A column that a sub-select or a CTE passes on bare is no use yet. When the query around it uses it, the expression that
it stands for is visited once more with that use, where it stands (`Demand`, `settle`). Names are looked up as
PostgreSQL does; where the text leaves several relations open, the locator leaves its schema and table empty, and where
not even that is certain the column is "*".
"""

from __future__ import annotations

from backends.postgres.facts import WHOLE_ROW_FUNCTIONS
from backends.postgres.names import SYSTEM_COLUMNS, Name, column, strings
from backends.postgres.outputs import (
    UNCERTAIN,
    Output,
    arms,
    defined_names,
    likely_names,
    outputs,
    position,
    value_rows,
)
from backends.postgres.scope import Scope, Source
from backends.postgres.stars import expanded
from backends.postgres.uses import AGGREGATE, BARE, EQUALITY, IGNORED, PREDICATE, ROW, TRANSFORM, Use
from backends.postgres.walk import Demand, Tree, Walk
from catalog.model import Locator
from policy.model import Steer

NOWHERE: Name = ("", "")
EVERY = "*"


def reference(walk: Walk, node: Tree, scope: Scope) -> None:
    """A ColumnRef in the use that the walk carries."""
    fields = node.get("fields", ())
    parts = strings(fields)
    if walk.use == IGNORED:
        return
    if len(parts) != len(fields):
        _star(walk, parts, scope)
    elif len(parts) == 1:
        _row_or_column(walk, parts[0], scope)
    elif parts:
        qualified_reference(walk, parts, scope)


def qualified_reference(walk: Walk, parts: tuple[str, ...], scope: Scope) -> None:
    """`t.c` or `s.t.c`, in any use; bare ones steer only if they are a call in disguise."""
    if len(parts) > 2:
        _field(walk, (parts[-3], parts[-2]), parts[-1])
        return
    source = scope.source(parts[0])
    if source is not None:
        _column_of(walk, source, parts[1], scope)
    elif parts[0] not in walk.variables:
        _field(walk, ("", parts[0]), parts[1])


def joined_column(walk: Walk, name: str, scope: Scope) -> None:
    """A name in USING: a column of both sides."""
    _column(walk, name, scope, PREDICATE)


def by_output(walk: Walk, item: Tree, query: Tree, *, scope: Scope, use: Use) -> bool:
    """Whether an item of ORDER BY, GROUP BY or DISTINCT ON names an output of its query, by name or number.

    `use` is then the use of what the output stands for.
    """
    number = item.get("A_Const", {}).get("ival")
    parts = strings(item.get("ColumnRef", {}).get("fields", ()))
    if number is not None:
        demand(walk, _itself(query), use, index=number.get("ival", 0) - 1)
    elif len(parts) == 1 and any(output.name == parts[0] for output in _outputs(walk, arms(query)[0])):
        demand(walk, _itself(query), use, name=parts[0])
    else:
        return False
    return True


def input_column(walk: Walk, name: str, scope: Scope, *, use: Use) -> None:
    """A name that GROUP BY reads as a column of its own FROM list if there is one of that name."""
    tables = {table for source in scope.sources.values() for table in source.tables}
    _emit_candidates(walk, tables, name, use=use, certain=False)
    for source in scope.sources.values():
        if _has(walk, source, name) is not False:
            demand(walk, source, use, name=name, sure=False)


def every_output(walk: Walk, query: Tree, use: Use) -> None:
    """DISTINCT, UNION and their kin compare all columns."""
    demand(walk, _itself(query), use)


def everything(walk: Walk, use: Use) -> None:
    """Any column of any relation of the statement."""
    _emit(walk, use, column(NOWHERE, EVERY))


def demand(walk: Walk, source: Source, use: Use, *, name: str = "", index: int = -1, sure: bool = True) -> None:
    """Use a column of a derived relation: by name, by index from 0, or (neither) all of them."""
    if source.origin is None or use in (BARE, IGNORED):
        return
    wanted = Demand(source, use, name, index, sure)
    key = (id(next(iter(source.origin.values()))), source.names, use, name, index, sure)
    if key not in walk.demanded:
        walk.demanded[key] = source
        walk.demands.append(wanted)


def settle(walk: Walk) -> None:
    """Follow every use to the end. Ends, because each demand is followed once and a text has only so many."""
    while walk.demands:
        pending, walk.demands = walk.demands, []
        for wanted in pending:
            _follow(walk, wanted)
        walk.run()


# References


def _star(walk: Walk, parts: tuple[str, ...], scope: Scope) -> None:
    """`*` and `t.*` are bare columns in a list of outputs, a row as an argument."""
    if walk.use == BARE:
        return
    use = _row_use(walk.use)
    if not parts:
        for source in scope.sources.values():
            _whole(walk, source, use)
        return
    found = scope.source(parts[-1]) if len(parts) == 1 else None
    if found is None:
        _emit(walk, use, column(("", *parts)[-2:], EVERY))  # type: ignore[arg-type]
    else:
        _whole(walk, found, use)


def _row_or_column(walk: Walk, name: str, scope: Scope) -> None:
    row = scope.source(name)
    if row is not None and not row.given:
        _whole(walk, row, _row_use(walk.use))
    if walk.use != BARE and name not in SYSTEM_COLUMNS:
        _column(walk, name, scope, walk.use, row=row is not None)


def _row_use(use: Use) -> Use:
    if use in (BARE, TRANSFORM, AGGREGATE):
        return ROW
    return PREDICATE if use == EQUALITY else use


def _whole(walk: Walk, source: Source, use: Use) -> None:
    if source.given:
        return
    for name in source.tables:
        _emit(walk, use, column(name, EVERY))
    if source.origin is not None:
        demand(walk, source, use)
    elif source.joined or not source.tables:
        everything(walk, use)


def _column(walk: Walk, name: str, scope: Scope, use: Use, *, row: bool = False) -> None:
    """A bare name: a column of whatever is in sight, the innermost level first. `row` = it may name a whole row."""
    key = (id(scope), name, use, row)
    if key in walk.resolved:
        return
    walk.resolved[key] = scope
    tables: set[Name] = set()
    doubtful: list[Source] = []
    likely = row
    for level in scope.levels():
        sources = [source for source in level.sources.values() if not source.given and not source.joined]
        found = [source for source in sources if _has(walk, source, name)]
        for source in found:
            _column_of(walk, source, name, level, use=use)
        doubtful += [source for source in sources if _has(walk, source, name) is None]
        tables.update(table for source in sources if source not in found for table in source.tables)
        likely = likely or bool(found)
        if any(source.level is None or _defines(source, name) for source in found):
            _emit_candidates(walk, tables, name, use=use, certain=False)
            break
    else:
        alone = len(tables) + len(doubtful) == 1
        if tables or len(doubtful) > 1:
            _emit_candidates(walk, tables if alone else {*tables, NOWHERE}, name, use=use, certain=not likely)
        elif not doubtful and not likely:
            _lost(walk, scope, use)
    alone = len(doubtful) == 1 and not tables
    for source in doubtful:
        demand(walk, source, use, name=name, sure=alone)


def _lost(walk: Walk, scope: Scope, use: Use) -> None:
    """Nothing in sight seems to have it: then it may be anything that is derived."""
    for level in scope.levels():
        for source in level.sources.values():
            _whole(walk, source, use)


def _has(walk: Walk, source: Source, name: str) -> bool | None:
    """Whether a derived relation has a column of that name; None = it may. A table may, but is counted elsewhere.

    For functions True is only likely (see `_defines`). Column aliases hide the names of what they stand for.
    """
    if name in source.names:
        return True
    if source.origin is None:
        return False
    node = next(iter(source.origin.values()))
    if source.level is not None:
        return True if _defines(source, name) or name in likely_names(node) else None
    found = _outputs(walk, arms(node)[0])
    if any(output.star or output.name == UNCERTAIN for output in found[: len(source.names)]):
        return None
    named = found[len(source.names) :]
    if any(output.name == name for output in named):
        return True
    return None if any(output.star or output.name == UNCERTAIN for output in named) else False


def _defines(source: Source, name: str) -> bool:
    """Whether the text itself gives a function's column that name, so that it hides any further out."""
    return any(name in defined_names(node) for node in (source.origin or {}).values())


def _column_of(walk: Walk, source: Source, name: str, scope: Scope, *, use: Use | None = None) -> None:
    """A column of one relation. `t.row_to_json` is the call row_to_json(t)."""
    use = walk.use if use is None else use
    if source.given:
        return
    if source.joined and not source.names:
        _column(walk, name, scope, use)
    elif not source.exact:
        _whole(walk, source, use)
    elif source.origin is None:
        for table in source.tables:
            _field(walk, table, name, use=use)
    elif use == BARE:
        if name in WHOLE_ROW_FUNCTIONS and _has(walk, source, name) is False:
            demand(walk, source, ROW)
    else:
        demand(walk, source, use, name=name)


def _field(walk: Walk, table: Name, name: str, *, use: Use | None = None) -> None:
    use = walk.use if use is None else use
    if name in WHOLE_ROW_FUNCTIONS:
        _emit(walk, _row_use(use), column(table, EVERY))
    elif name not in SYSTEM_COLUMNS:
        _emit(walk, use, column(table, name))


def _emit_candidates(walk: Walk, tables: set[Name], name: str, *, use: Use, certain: bool) -> None:
    if tables:
        _emit(walk, use, _candidate(tables, name, certain=certain))


def _candidate(tables: set[Name], name: str, *, certain: bool) -> Locator:
    """One locator for a column of one of these tables. `certain` = one of them must have it."""
    table = next(iter(tables)) if len(tables) == 1 else NOWHERE
    return Locator("column" if certain else "name", (*table, name))


def _emit(walk: Walk, use: Use, locator: Locator) -> None:
    if use != BARE and use != IGNORED:
        walk.facts.steering[Steer(use, locator)] = None


# What derived columns stand for


def _outputs(walk: Walk, arm: Tree) -> list[Output]:
    """Stars are written out where the target tells their columns, which takes the level that the arm is at."""
    known = walk.outputs.get(id(arm))
    if known is not None:
        return known[1]
    found = outputs(arm)
    if walk.target is not None and any(output.star for output in found):
        if id(arm) not in walk.levels:
            return found
        found = expanded(walk, arm) or found
    walk.outputs[id(arm)] = (arm, found)
    return found


def _itself(query: Tree) -> Source:
    return Source(origin={"SelectStmt": query})


def _follow(walk: Walk, wanted: Demand) -> None:
    source, use = wanted.source, wanted.use
    kind, node = next(iter((source.origin or {}).items()))
    if source.level is not None:
        walk.push_fields(kind, node, source.level, use=PREDICATE if use == EQUALITY else use)
        return
    index = source.names.index(wanted.name) if wanted.name in source.names else wanted.index
    parts = arms(node)
    if index < 0 and wanted.name and len(parts) > 1:
        index = _index_by_name(_outputs(walk, parts[0]), wanted.name)
    for arm in parts:
        _arm, level = walk.levels.get(id(arm), (arm, None))
        if level is None:
            everything(walk, use)
        elif index >= 0:
            _follow_index(walk, arm, index, level=level, use=use)
        elif wanted.name and len(parts) == 1:
            _follow_name(walk, arm, wanted, level=level)
        else:
            _follow_all(walk, arm, level, use)


def _index_by_name(found: list[Output], name: str) -> int:
    """The place of a column in all arms of a set operation; -1 if that is not certain."""
    places = [place for place, output in enumerate(found) if output.name == name]
    return places[0] if len(places) == 1 and position(found, places[0]) else -1


def _follow_index(walk: Walk, arm: Tree, index: int, *, level: Scope, use: Use) -> None:
    if "valuesLists" in arm:
        for row in value_rows(arm):
            walk.push_wrapped(row[index : index + 1], level, use=use)
        return
    output = position(_outputs(walk, arm), index)
    if output is None:
        _follow_all(walk, arm, level, use)
    else:
        walk.push_wrapped(output.value, level, use=use)


def _follow_name(walk: Walk, arm: Tree, wanted: Demand, *, level: Scope) -> None:
    found = _outputs(walk, arm)
    exact = [output for output in found if output.name == wanted.name]
    possible = [output for output in found if output.star or output.name == UNCERTAIN]
    if "valuesLists" in arm or (wanted.sure and not exact and not possible):
        _follow_all(walk, arm, level, wanted.use)
    for output in exact or possible:
        if output.star:
            _follow_star(walk, output, wanted, level)
        else:
            walk.push_wrapped(output.value, level, use=wanted.use)


def _follow_star(walk: Walk, output: Output, wanted: Demand, level: Scope) -> None:
    """A name that comes out of `*` or `t.*`."""
    parts = strings(output.value.get("ColumnRef", {}).get("fields", ()))
    sources = [level.source(parts[-1])] if len(parts) == 1 else list(level.sources.values())
    if "A_Indirection" in output.value or len(parts) > 1 or None in sources:
        everything(walk, wanted.use)
        return
    known = [source for source in sources if source is not None]
    alone = len(known) == 1
    tables = {table for source in known for table in source.tables if not source.joined}
    if tables:
        spread = tables if alone else {*tables, NOWHERE}
        _emit(walk, wanted.use, _candidate(spread, wanted.name, certain=wanted.sure))
    for source in known:
        if source.tables and not source.exact and not source.joined:
            _whole(walk, source, wanted.use)
        demand(walk, source, wanted.use, name=wanted.name, sure=wanted.sure and alone)


def _follow_all(walk: Walk, arm: Tree, level: Scope, use: Use) -> None:
    for row in value_rows(arm):
        walk.push_wrapped(row, level, use=use)
    for output in _outputs(walk, arm) if "valuesLists" not in arm else ():
        walk.push_wrapped(output.value, level, use=PREDICATE if use == EQUALITY else use)
