"""Names of a text turned into the places that the target means by them, before any rule looks.

An unqualified table becomes the first of that name in the login's search_path, a column whose table the text leaves
open becomes the column of those tables of the statement that have one, a view's column also the base column it shows.
What the target does not have stays as it was written. A column that surely cannot be found steers nothing: the target
refuses the statement itself (`missing`, see Target and upstream.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from backends.postgres.facts import ACTIVITY, Facts
from backends.postgres.functions import UNKNOWN
from backends.postgres.names import SYSTEM_COLUMNS, Name, column, table
from backends.postgres.target import Target
from catalog.model import Locator
from catalog.system import SYSTEM_TABLES
from policy.effects import Effect
from policy.model import Action, Steer

ANALYSED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "ExplainStmt"})
"""Statements whose names PostgreSQL looks up when they are prepared (parser/analyze.c, transformStmt)."""

_LOOKED_UP = ANALYSED - {"ExplainStmt"}
"""Of these, statements whose tables must be there, unless they make one."""

_SAFE_ACTIVITY_TEXT = """
datid datname pid leader_pid usesysid usename backend_start xact_start query_start state_change wait_event_type
wait_event state backend_xid backend_xmin query_id query backend_type
"""
SAFE_ACTIVITY = frozenset(_SAFE_ACTIVITY_TEXT.split())
"""Columns of pg_stat_activity that tell what the server does, not what people send from where; `query` is masked by
its label (catalog.system)."""


def resolve(facts: Facts, target: Target, *, kind: str) -> None:
    """Replace the names in the facts of one statement of this type."""
    facts.targets = dict.fromkeys(found for place in facts.targets for found in _relations(target, place))
    relations = [found.path for found in facts.targets if found.kind == "table"]
    names = [(path[0], path[1]) for path in relations]
    if kind in _LOOKED_UP and not facts.opaque and Effect.CREATE_AS not in facts.effects:
        facts.missing.update(dict.fromkeys(word for place, word in names if (place, word) not in target.body.relations))
    facts.columns = dict.fromkeys(found for place in facts.columns for found in _columns(target, place, names))
    steering: dict[Steer, None] = {}
    for steer in facts.steering:
        steering.update(dict.fromkeys(_steers(facts, target, steer, names, analysed=kind in ANALYSED)))
    facts.steering = steering
    if facts.missing and kind not in ANALYSED:
        facts.add(UNKNOWN.actions, UNKNOWN.effects, opaque=True)
        facts.missing.clear()
    _activity(facts, names)


def _relations(target: Target, place: Locator) -> Iterator[Locator]:
    """A name in pg_catalog may have been written alone; then another one comes first if the search_path says so."""
    if place.kind != "table":
        yield place
        return
    schema, word = place.path
    found = target.relation((schema, word))
    yield table(found) if found else place
    if schema == "pg_catalog" and word in SYSTEM_TABLES and (other := target.shadowed(word)) is not None:
        yield table(other)


def _columns(target: Target, place: Locator, names: list[Name]) -> Iterator[Locator]:
    """For display, labels and masks: what cannot be found stays as it is, which counts as anything."""
    if place.kind == "table":
        yield from _relations(target, place)
        for found in _relations(target, place):
            relation = target.body.relations.get((found.path[0], found.path[1]))
            yield from relation.bases.values() if relation else ()
        return
    if place.kind != "column" or len(place.path) != 3:
        yield place
        return
    *_, name = place.path
    owners = [owner for owner in _owners(target, place, names) or () if name in (target.columns(owner) or ())]
    for owner in owners:
        yield from _with_base(target, owner, name)
    if not owners:
        yield place


def _owners(target: Target, place: Locator, names: list[Name]) -> list[Name] | None:
    """The relations that a column may belong to; None = some of them is not known."""
    schema, word, _column = place.path
    if word:
        owners = [(found.path[0], found.path[1]) for found in _relations(target, Locator("table", (schema, word)))]
    else:
        owners = names
    return owners if owners and all(owner in target.body.relations for owner in owners) else None


def _with_base(target: Target, owner: Name, name: str) -> Iterator[Locator]:
    yield column(owner, name)
    base = target.body.relations[owner].bases.get(name)
    if base is not None:
        yield base


def _steers(facts: Facts, target: Target, steer: Steer, names: list[Name], *, analysed: bool) -> Iterator[Steer]:
    name = steer.locator.path[-1]
    owners = _owners(target, steer.locator, names)
    if owners is None:
        if not any(word in facts.missing for _schema, word in names):
            yield steer
    elif name == "*":
        yield from _every(target, steer, owners)
    else:
        having = [owner for owner in owners if name in (target.columns(owner) or ())]
        for owner in having:
            yield from (Steer(steer.use, found) for found in _with_base(target, owner, name))
        if not having and name not in SYSTEM_COLUMNS and steer.locator.kind == "column":
            if analysed and not facts.opaque:
                facts.missing[name] = None
            else:
                yield steer


def _every(target: Target, steer: Steer, owners: list[Name]) -> Iterator[Steer]:
    for owner in owners:
        yield Steer(steer.use, column(owner, "*"))
        yield from (Steer(steer.use, base) for base in target.body.relations[owner].bases.values())


def _activity(facts: Facts, names: list[Name]) -> None:
    """pg_stat_activity shows what others run and from where: only by the columns that do."""
    if ACTIVITY not in names:
        return
    touched = [place for place in facts.columns if place.kind != "column" or place.path[:2] in (ACTIVITY, ("", ""))]
    if facts.opaque or any(place.kind != "column" or place.path[-1] not in SAFE_ACTIVITY for place in touched):
        facts.add((Action.READ,), (Effect.CATALOG_SECRETS,))
