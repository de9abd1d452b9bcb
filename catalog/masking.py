"""From labels to masks: which result columns are hidden and how, and the hiding itself.

Rests on the origin that the target reports for each result column, never on names in the text.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog.cellmask import PLAIN, CellMask, Manner, cell_mask
from catalog.labels import Labels
from catalog.model import Label, Locator
from catalog.system import is_system

__all__ = ["PLAIN", "CellMask", "Manner", "Plan", "cell_mask", "is_shown", "label_of", "mask_rows", "plan_masks"]

EVERY_LABEL = frozenset(Label)


Plan = tuple[CellMask | None, ...]


def plan_masks(
    labels: Labels,
    columns: Sequence[tuple[Locator | None, str]],
    *,
    relations: Sequence[Locator],
    opaque: bool,
    revealed: frozenset[Label],
    columns_touched: Sequence[Locator] | None = None,
    shown: frozenset[Locator] = frozenset(),
    manner: Manner = PLAIN,
) -> Plan:
    """One mask or None for each result column, given as (origin, type name).

    A column with no origin is computed: hidden whole when the statement is opaque or touches a label
    that is not revealed. `columns_touched` are all columns the text mentions; None = not known, then
    every column of `relations` counts. An origin of kind "table" is a whole row. `shown` are columns that
    are revealed as such, whatever their label; what is computed from them stays hidden.
    """
    if revealed >= EVERY_LABEL:
        return (None,) * len(columns)
    hidden = [
        None if is_shown(origin, shown) else label_of(labels, origin, revealed)
        for origin, _type in columns
        if origin is not None
    ]
    computed = None
    if len(hidden) < len(columns) and (opaque or _touches(labels, relations, revealed, touched=columns_touched)):
        computed = Label.COMPUTED
    remaining = iter(hidden)
    verdicts = [computed if origin is None else next(remaining) for origin, _type in columns]
    return tuple(
        None if label is None else cell_mask(label, type_name, manner)
        for label, (_origin, type_name) in zip(verdicts, columns, strict=True)
    )


def is_shown(origin: Locator, shown: frozenset[Locator]) -> bool:
    """A column may have been asked for without its schema."""
    if not shown or origin.kind != "column" or len(origin.path) != 3:
        return False
    return origin in shown or Locator("column", ("", *origin.path[1:])) in shown


def label_of(labels: Labels, origin: Locator, revealed: frozenset[Label]) -> Label | None:
    """The label for which a column with this origin is hidden; None = shown."""
    if origin.kind == "column":
        label = labels.column(origin)
        return None if label in revealed else label
    if origin.kind == "table":
        return Label.COMPUTED if labels.of((origin,)) - revealed else None
    return Label.UNSCANNED


def _touches(
    labels: Labels, relations: Sequence[Locator], revealed: frozenset[Label], *, touched: Sequence[Locator] | None
) -> bool:
    carried = labels.of(relations) - revealed
    if touched is None:
        return bool(carried)
    if not carried and _only_system_tables(relations):
        touched = [locator for locator in touched if locator.kind != "column" or locator.path[0]]
    return any(_reaches(labels, locator, relations, carried=carried, revealed=revealed) for locator in touched)


def _reaches(
    labels: Labels,
    locator: Locator,
    relations: Sequence[Locator],
    *,
    carried: frozenset[Label],
    revealed: frozenset[Label],
) -> bool:
    """Whether one mention reaches a hidden label. What cannot be placed for certain counts as reaching it."""
    if locator.kind == "table":
        return not labels.of((locator,)) <= revealed
    if locator.kind != "column" or len(locator.path) != 3:
        return True
    schema, table, name = locator.path
    if schema:
        return not labels.of((locator,)) <= revealed
    if Label.UNSCANNED in carried:
        return True
    named = [relation for relation in relations if relation.path[-1:] == (table,)] if table else relations
    found = labels.columns_named(name, named or relations)
    return found is None or not found <= revealed


def _only_system_tables(relations: Sequence[Locator]) -> bool:
    """System tables are not scanned, so a name in them cannot be placed; it is clear if the whole table is."""
    tables = [relation.path for relation in relations if relation.kind == "table"]
    return bool(tables) and all(len(path) == 2 and is_system(path[0], path[1]) for path in tables)


def mask_rows(rows: list[list[str | None]], plan: Sequence[CellMask | None]) -> int:
    """Hide the planned cells in place; the number hidden. NULL stays NULL.

    Raises ValueError for a row that the plan was not made for, before that row is touched: such rows must not pass on.
    """
    active = [(index, None if mask.constant else mask.apply, mask.redacted) for index, mask in enumerate(plan) if mask]
    width, masked = len(plan), 0
    for row in rows:
        if len(row) != width:
            raise ValueError(f"a row of {len(row)} cells met a plan for {width}")
        for index, apply, redacted in active:
            value = row[index]
            if value is not None:
                masked += 1
                if apply is None:
                    row[index] = redacted
                    continue
                try:
                    row[index] = apply(value)
                except Exception:  # noqa: BLE001 - whatever a masker dies of, the value must not pass
                    row[index] = redacted
    return masked
