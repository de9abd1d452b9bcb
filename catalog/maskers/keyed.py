"""Which mask that needs a key goes with which label in which type."""

from __future__ import annotations

from functools import partial

from catalog.columntypes import ColumnType, Family
from catalog.maskers import dob, fpe, pseudonym, synthetic
from catalog.maskers.base import MaskValue
from catalog.maskkey import Keyed
from catalog.maskkinds import FITTING, Kind
from catalog.model import Label

_REMEMBERED_LENGTH = 256
_FEWEST_DIGITS, _MOST_DIGITS = 6, 15  # 15 digits fit a double exactly, as JavaScript reads numbers


def draw(keyed: Keyed, label: Label, kind: Kind, column_type: ColumnType) -> MaskValue | None:
    """The mask, or None where the type cannot hold one. The same value is drawn once and remembered."""
    found = _drawn(keyed, label, kind, column_type) if kind in FITTING[label] else None
    if found is None:
        return None
    cached = keyed.remember((label, kind, column_type), found)

    def mask(value: str) -> str | None:
        return cached(value) if len(value) <= _REMEMBERED_LENGTH else found(value)

    return mask


def _drawn(keyed: Keyed, label: Label, kind: Kind, column_type: ColumnType) -> MaskValue | None:
    match kind:
        case "pseudonym":
            return _pseudonym(keyed, label, column_type)
        case "fpe":
            return _encrypted(keyed, label, column_type)
        case "synthetic" if column_type.family is Family.TEXT or _is_host(label, column_type):
            return _other(partial(synthetic.synthetic, keyed, label))
        case _:
            return None


def _pseudonym(keyed: Keyed, label: Label, column_type: ColumnType) -> MaskValue | None:
    family, shape = column_type.family, pseudonym.TEXTS.get(label)
    if family is Family.TEXT:
        return _other(_with_token(keyed, label, shape))
    if label is Label.DOB and shape and family in dob.FAMILIES:
        return _birthday(partial(shape, keyed, label), dob.suffix(family))
    if label is Label.DOB:
        return None
    if _is_host(label, column_type) and shape:
        return _other(partial(shape, keyed, label))
    if family in (Family.INTEGER, Family.NUMERIC) and column_type.digits >= _FEWEST_DIGITS:
        digits = min(column_type.digits, _MOST_DIGITS)
        return _other(partial(pseudonym.whole_number, keyed, label, digits=digits))
    return _other(partial(pseudonym.unique_id, keyed, label)) if family is Family.UUID else None


def _encrypted(keyed: Keyed, label: Label, column_type: ColumnType) -> MaskValue | None:
    if column_type.family is Family.TEXT:
        return _other(partial(fpe.TEXTS[label], keyed, label))
    if column_type.family in (Family.INTEGER, Family.NUMERIC) and column_type.digits >= _FEWEST_DIGITS:
        return _other(partial(fpe.whole_number, keyed, label, below=10**column_type.digits))
    return None


def _is_host(label: Label, column_type: ColumnType) -> bool:
    return label is Label.IP and column_type.family is Family.INET


def _with_token(keyed: Keyed, label: Label, shape: pseudonym.Draw | None) -> MaskValue:
    """What has no shape to keep gets a token, so that it still joins."""

    def mask(value: str) -> str | None:
        made = shape(keyed, label, value) if shape else None
        return pseudonym.token(keyed, label, value) if made is None else made

    return mask


def _birthday(shape: MaskValue, suffix: str) -> MaskValue:
    def mask(value: str) -> str | None:
        day = shape(value)
        return None if day is None else day + suffix

    return mask


def _other(mask_value: MaskValue) -> MaskValue:
    """Never the value itself, however unlikely; ValueError is a value of another kind."""

    def mask(value: str) -> str | None:
        try:
            made = mask_value(value)
        except ValueError:
            return None
        return None if made == value else made

    return mask
