"""What a call, an operator or a cast does, by the target's own catalog where that is known.

PostgreSQL picks the best match among all functions of a name in the search_path (manual, "Function Type Resolution"),
so that a user's `lower(varchar)` is preferred to the core's `lower(text)`: if any that could be meant is code of users
that nobody has reviewed, the call is of unknown effect.
"""

from __future__ import annotations

from backends.postgres.functions import (
    BUILT_IN_SCHEMAS,
    DANGEROUS,
    UNKNOWN,
    Verdict,
    judge_function,
    judge_operator,
    united,
)
from backends.postgres.harmless import HARMLESS_FUNCTIONS, HARMLESS_OPERATORS
from backends.postgres.names import Name, qualified, strings
from backends.postgres.target import Routine, Target
from backends.postgres.walk import Tree, Walk
from policy.effects import Effect

READS = Verdict(frozenset(), frozenset(), opaque=True)
"""Reviewed code that may read tables: it runs unasked, but what it may have read is not known."""

_BY_VOLATILITY = {
    "immutable": Effect.UNKNOWN_FUNCTION_IMMUTABLE,
    "stable": Effect.UNKNOWN_FUNCTION_STABLE,
    "volatile": Effect.UNKNOWN_FUNCTION_VOLATILE,
}
_BETWEEN = (">=", "<=")


def call(walk: Walk, node: Tree) -> None:
    """A FuncCall."""
    parts, target = strings(node.get("funcname", ())), walk.target
    if target is None:
        walk.call(judge_function(parts))
        return
    count = len(node.get("args", ()))
    if node.get("agg_within_group"):
        count += len(node.get("agg_order", ()))
    walk.call(_known(walk, target, qualified(parts), count))


def by_users(walk: Walk, node: Tree) -> bool:
    """Whether a FuncCall may reach code that is not PostgreSQL's own."""
    schema, name = qualified(strings(node.get("funcname", ())))
    if walk.target is None:
        return schema not in BUILT_IN_SCHEMAS
    return schema not in BUILT_IN_SCHEMAS or bool(walk.target.routines((schema, name), len(node.get("args", ()))))


def operator(walk: Walk, name: tuple[str, ...]) -> None:
    """An operator by the name that stands in the text."""
    if walk.target is None:
        walk.call(judge_operator(name))
    else:
        walk.call(_operator(walk, walk.target, qualified(name)))


def implied(walk: Walk, node: Tree) -> None:
    """An operator that another syntax stands for: IN, LIKE, BETWEEN, IS DISTINCT FROM, NULLIF."""
    if walk.target is None or not walk.target.body.operators:
        return
    written = strings(node.get("name", ()))
    names = _BETWEEN if written and "BETWEEN" in written[-1] else written[-1:]
    for name in names:
        walk.call(_operator(walk, walk.target, (written[-2] if len(written) > 1 else "", name)))


def cast(walk: Walk, node: Tree) -> None:
    """A TypeName: a cast to it may run code."""
    if walk.target is not None and walk.target.runs_code(qualified(strings(node.get("names", ())))):
        walk.facts.calls["a cast or check of " + ".".join(strings(node.get("names", ())))] = None
        walk.call(UNKNOWN)


def _known(walk: Walk, target: Target, name: Name, count: int) -> Verdict | None:
    schema, word = name
    routines = target.routines(name, count)
    builtin = schema in BUILT_IN_SCHEMAS and word in target.body.core
    strange = [routine for routine in routines if not target.cleared(routine, count)]
    if word in DANGEROUS:
        return united(DANGEROUS[word], UNKNOWN) if routines or not builtin else DANGEROUS[word]
    if strange:
        walk.facts.calls.update(dict.fromkeys(map(str, strange)))
        return _unreviewed(strange)
    if builtin and not (word in HARMLESS_FUNCTIONS or target.body.core[word]):
        return UNKNOWN
    if builtin or routines:
        return READS if any(_reads(routine) for routine in routines) else None
    return _missing(walk, target, name, count)


def _unreviewed(routines: list[Routine]) -> Verdict:
    """Unknown, with what the catalog says of any that could be meant."""
    said = frozenset(_BY_VOLATILITY[routine.volatility] for routine in routines)
    return united(UNKNOWN, Verdict(frozenset(), said))


def _missing(walk: Walk, target: Target, name: Name, count: int) -> Verdict | None:
    """A function that there is not: the target's own error says so best. `f(x)` may also be a column of a row."""
    if count == 1 and target.body.has_column(name[1]):
        return UNKNOWN
    if name[0] == "information_schema" or target.body.routines.get(name[1]):
        return UNKNOWN
    walk.facts.missing[name[1]] = None
    return None


def _operator(walk: Walk, target: Target, name: Name) -> Verdict | None:
    schema, word = name
    routines = target.operators(name)
    strange = [routine for routine in routines if not target.cleared(routine, routine.most)]
    if strange:
        walk.facts.calls.update(dict.fromkeys(f"operator {word}: {routine}" for routine in strange))
        return _unreviewed(strange)
    if routines or (schema in BUILT_IN_SCHEMAS and word in HARMLESS_OPERATORS):
        return READS if any(_reads(routine) for routine in routines) else None
    return UNKNOWN


def _reads(routine: Routine) -> bool:
    """Immutable code may not look into tables (manual, "Function Volatility Categories"), nor may C of extensions."""
    return routine.volatility != "immutable" and routine.language not in ("c", "internal")
