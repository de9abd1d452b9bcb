"""The mask of one column: what a label, a kind of mask and the column's type make of each of its values.

Total: a value that a mask does not understand, that is too long for it or that it fails on is redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from catalog.arrays import bounds_of, each, read_array, write_array
from catalog.columntypes import ColumnType, Family, parse_type
from catalog.jsonleaves import mask_leaves
from catalog.maskers import MaskValue, masker_of
from catalog.maskers.base import LONGEST_SHAPED, Shape
from catalog.maskers.keyed import draw
from catalog.maskers.tag import redaction
from catalog.maskkey import Keyed
from catalog.maskkinds import DEFAULT, Kind
from catalog.model import Label

LONGEST = 1 << 20
"""Characters of a value that a mask looks at; a longer one is redacted whole."""

_ARRAYS = frozenset({Family.TEXT_ARRAY, Family.OTHER_ARRAY})
_WHOLE = frozenset({Label.COMPUTED, Label.UNSCANNED, Label.TEXT, Label.PASSWORD, Label.SECRET, Label.CVV})
"""Labels whose arrays and JSON tell something by their build alone: never masked part by part."""

_KEYS_HIDDEN = frozenset({Label.PERSON, Label.ADDRESS, Label.DIAGNOSIS})
"""Labels whose values may be words: as names of JSON members they are hidden, too."""

_KEYED = frozenset({"pseudonym", "fpe", "synthetic"})
NO_KINDS: Mapping[Label, Kind] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CellMask:
    """How the cells of one column are hidden. `redacted` takes the place of a value that `apply` fails on.

    `constant` = every value becomes `redacted`. `element` is the mask of an array's elements, where they are masked
    one by one. `key_id` names the key that made the values, "" for none. `shape` says the same as `apply`, for plain
    values.
    """

    label: Label
    kind: Kind
    apply: Callable[[str], str | None]
    redacted: str | None = None
    constant: bool = False
    element: CellMask | None = None
    key_id: str = ""
    shape: Shape | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Manner:
    """How labels are hidden from one caller: the kinds that rules ask for, the key and scope, the year it is.

    Without a key the kinds that need one redact. `year` 0 = not known.
    """

    kinds: Mapping[Label, Kind] = field(default_factory=lambda: NO_KINDS)
    keyed: Keyed | None = None
    year: int = 0


PLAIN = Manner()


def cell_mask(label: Label, type_name: str, manner: Manner = PLAIN) -> CellMask:
    """The mask of a label in a column of this type."""
    kind = manner.kinds.get(label, DEFAULT[label])
    if kind in _KEYED:
        return _made(label, type_name, kind, manner) if manner.keyed else _plain(label, type_name, "redact", 0)
    return _plain(label, type_name, kind, manner.year)


@lru_cache(maxsize=4096)
def _plain(label: Label, type_name: str, kind: Kind, year: int) -> CellMask:
    """A pure function remembered: plans are made for every answer."""
    return _made(label, type_name, kind, Manner(kinds={label: kind}, year=year))


def _made(label: Label, type_name: str, kind: Kind, manner: Manner) -> CellMask:
    column_type = parse_type(type_name)
    redacted = redaction(label, column_type)
    if kind == "null":
        return _constant(label, None)
    if column_type.family in _ARRAYS and label not in _WHOLE:
        return _array(label, column_type, manner, redacted)
    if column_type.family is Family.JSON and label not in _WHOLE:
        return _json(label, manner, redacted)
    shape: Shape | None = None
    if kind in _KEYED:
        mask_value = draw(manner.keyed, label, kind, column_type) if manner.keyed else None
    else:
        masker = masker_of(label, kind, this_year=manner.year)
        mask_value = masker.families.get(column_type.family) if masker else None
        if masker and column_type.family is Family.TEXT and not 0 < column_type.width < LONGEST_SHAPED:
            shape = None if column_type.padded else masker.shape
    if mask_value is None:
        return _constant(label, redacted)
    key_id = manner.keyed.key_id if manner.keyed and kind in _KEYED else ""
    apply = _bounded(mask_value, redacted, column_type, cut=not key_id)
    return CellMask(label, kind, apply=apply, redacted=redacted, key_id=key_id, shape=shape)


def _constant(label: Label, redacted: str | None) -> CellMask:
    kind: Kind = "null" if redacted is None else "redact"
    return CellMask(label, kind, apply=lambda _value: redacted, redacted=redacted, constant=True)


def _array(label: Label, column_type: ColumnType, manner: Manner, redacted: str | None) -> CellMask:
    """Element by element. An array whose elements cannot be masked is NULL as a whole."""
    element = cell_mask(label, column_type.element, manner)
    if element.kind == "null":
        return _constant(label, None)

    def apply(value: str) -> str | None:
        if len(value) > LONGEST:
            return redacted
        return bounds_of(value) + write_array(each(read_array(value), element.apply))

    safe = _safe(apply, redacted)
    return CellMask(label, element.kind, safe, redacted=redacted, element=element, key_id=element.key_id)


def _json(label: Label, manner: Manner, redacted: str | None) -> CellMask:
    leaf = cell_mask(label, "text", manner)
    keys = label not in _KEYS_HIDDEN

    def apply(value: str) -> str | None:
        return mask_leaves(value, leaf.apply, keys=keys) if len(value) <= LONGEST else redacted

    return replace(leaf, apply=_safe(apply, redacted), redacted=redacted, constant=False, shape=None)


def _safe(apply: MaskValue, redacted: str | None) -> MaskValue:
    def safe(value: str) -> str | None:
        try:
            return apply(value)
        except (ValueError, RecursionError):
            return redacted

    return safe


def _bounded(mask_value: MaskValue, redacted: str | None, column_type: ColumnType, *, cut: bool) -> MaskValue:
    """Never longer than the type allows: shorter by its end where `cut`, else redacted."""
    width = column_type.width

    def unbounded(value: str) -> str | None:
        masked = mask_value(value) if len(value) <= LONGEST else None
        return redacted if masked is None else masked

    def bounded(value: str) -> str | None:
        masked = unbounded(value)
        if masked is not None and len(masked) > width:
            masked = _cut(masked, width) if cut else redacted
        return masked.ljust(width) if masked is not None and column_type.padded else masked

    return bounded if width else unbounded


def _cut(masked: str, width: int) -> str:
    """Shorter by its stars where it begins with them, so that the digits worth keeping stay."""
    return masked[-width:] if masked.startswith("*") else masked[:width]
