"""Coordinates: one decimal, about eleven kilometres of latitude."""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{0,30})?", re.ASCII)
_TENTH = Decimal("0.1")


def mask_coordinate(value: str) -> str | None:
    """`52.520008` → `52.5`. None for anything that is not one plain decimal number."""
    text = value.strip()
    return str(Decimal(text).quantize(_TENTH)) if _NUMBER.fullmatch(text) else None


def mask_pair(value: str) -> str | None:
    """`52.520008, 13.404954` → `52.5,13.4`; a single coordinate as well."""
    if "," not in value:
        return mask_coordinate(value)
    parts = [mask_coordinate(part) for part in value.split(",", 2)]
    return None if len(parts) > 2 or None in parts else ",".join(part for part in parts if part)


def mask_point(value: str) -> str | None:
    """PostgreSQL's `point` in text form: `(52.52,13.405)` → `(52.5,13.4)`."""
    pair = mask_pair(value[1:-1]) if value.startswith("(") and value.endswith(")") else None
    return f"({pair})" if pair and "," in pair else None


GEO = Masker(
    "generalise",
    MappingProxyType(
        {
            Family.TEXT: mask_pair,
            Family.NUMERIC: mask_coordinate,
            Family.FLOAT: mask_coordinate,
            Family.POINT: mask_point,
        }
    ),
    stable=True,
)
