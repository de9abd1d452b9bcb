"""A column as it is shown to the classifier, and as rules and net see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog import rules
from catalog.columntypes import Family, parse_type
from catalog.detectors.base import Kind
from catalog.samples import array_elements, normalise


@dataclass(frozen=True, slots=True)
class ColumnView:
    """Name, declared type ("" = not known) and sampled values in text form; blank ones are skipped."""

    name: str
    type: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A column whose type is parsed and whose values are normalised, as rules see it."""

    column: rules.Column
    name: str


def prepare(table: str, columns: Sequence[ColumnView]) -> list[Prepared]:
    """The columns with parsed types and normalised values; elements of arrays stand for their arrays."""
    names = {view.name: rules.read(view.name) for view in columns}
    around = rules.words_around(table, names)
    return [_prepare(view, names[view.name], rules.kinds_among(around, view.name)) for view in columns]


def _prepare(view: ColumnView, name: rules.Name, kinds: frozenset[Kind]) -> Prepared:
    family, values = family_of(view.type), view.values
    if family in (Family.TEXT_ARRAY, Family.OTHER_ARRAY):
        family = parse_type(view.type.strip().removesuffix("[]").lstrip("_")).family
        values = array_elements(values)
    return Prepared(rules.see(name, family, normalise(values), kinds=kinds), view.name)


def family_of(type_name: str) -> Family:
    """The family of a declared type; where no type is known, values are text."""
    return parse_type(type_name).family if type_name.strip() else Family.TEXT
