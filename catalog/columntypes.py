"""Families of PostgreSQL column types, as far as a mask must care.

Understands both spellings of a type name: `format_type()` ("character varying(40)",
"timestamp with time zone", "text[]") and `pg_type.typname` ("varchar", "timestamptz", "_text").
Source: PostgreSQL documentation, chapter 8 "Data Types".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Family(StrEnum):
    """Types that take the same masks. OTHER = enum, domain, range, composite or anything not known here."""

    TEXT = "text"
    INTEGER = "integer"
    NUMERIC = "numeric"
    FLOAT = "float"
    BOOL = "bool"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    UUID = "uuid"
    JSON = "json"
    INET = "inet"
    MACADDR = "macaddr"
    BYTEA = "bytea"
    POINT = "point"
    XML = "xml"
    TEXT_ARRAY = "text[]"
    OTHER_ARRAY = "other[]"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A parsed type name.

    `width` is the most characters a text type holds, 0 = no bound; `padded` = shorter text is filled up with spaces.
    `digits` is how many digits every whole number of the type may have. `element` is the type of an array's elements.
    """

    family: Family
    width: int = 0
    padded: bool = False
    digits: int = 0
    element: str = ""


_SPELLINGS: tuple[tuple[Family, str], ...] = (
    (Family.TEXT, "text,varchar,character varying,char,character,bpchar,citext,name"),
    (Family.INTEGER, "int2,int4,int8,smallint,integer,int,bigint,oid,serial,bigserial,smallserial"),
    (Family.NUMERIC, "numeric,decimal"),
    (Family.FLOAT, "float4,float8,real,double precision"),
    (Family.BOOL, "bool,boolean"),
    (Family.DATE, "date"),
    (Family.TIMESTAMP, "timestamp,timestamp without time zone"),
    (Family.TIMESTAMPTZ, "timestamptz,timestamp with time zone"),
    (Family.UUID, "uuid"),
    (Family.JSON, "json,jsonb"),
    (Family.INET, "inet,cidr"),
    (Family.MACADDR, "macaddr,macaddr8"),
    (Family.BYTEA, "bytea"),
    (Family.POINT, "point"),
    (Family.XML, "xml,hstore"),
)
_FAMILIES = {name: family for family, names in _SPELLINGS for name in names.split(",")}
_MOST_DIGITS = 18
_INTEGER_DIGITS = {
    **dict.fromkeys(("int2", "smallint", "smallserial"), 4),
    **dict.fromkeys(("int4", "integer", "int", "serial", "oid"), 9),
    **dict.fromkeys(("int8", "bigint", "bigserial"), _MOST_DIGITS),
}
_PADDED = frozenset({"character", "char", "bpchar"})
_MODIFIER = re.compile(r"\(([0-9, ]{1,20})\)")


@lru_cache(maxsize=2048)
def parse_type(name: str) -> ColumnType:
    """The family of a type name; total. A pure function remembered, because result columns repeat their types."""
    plain = name.strip().lower().removeprefix("pg_catalog.")
    if plain == '"char"':  # the one-byte internal type, not character(1)
        return ColumnType(Family.TEXT, 1)
    if plain.endswith("[]") or plain.startswith("_"):
        element = plain.removesuffix("[]") if plain.endswith("[]") else plain[1:]
        inner = parse_type(element)
        unbounded = inner.family is Family.TEXT and not inner.width
        return ColumnType(Family.TEXT_ARRAY if unbounded else Family.OTHER_ARRAY, element=inner.element or element)
    modifier = _MODIFIER.search(plain)
    base = " ".join(_MODIFIER.sub(" ", plain).split())
    family = _FAMILIES.get(base, Family.OTHER)
    if family is Family.TEXT:
        width = _width(base, modifier)
        return ColumnType(family, width, padded=bool(width) and base in _PADDED)
    return ColumnType(family, digits=_digits(base, modifier))


def _width(base: str, modifier: re.Match[str] | None) -> int:
    if modifier and modifier[1].strip().isdecimal():
        return int(modifier[1])
    return {"name": 63, "character": 1, "char": 1}.get(base, 0)


def _digits(base: str, modifier: re.Match[str] | None) -> int:
    if _FAMILIES.get(base) is not Family.NUMERIC:
        return _INTEGER_DIGITS.get(base, 0)
    precision, _comma, scale = modifier[1].partition(",") if modifier else ("", "", "")
    if not precision.strip().isdecimal():
        return _MOST_DIGITS
    return max(0, min(_MOST_DIGITS, int(precision) - (int(scale) if scale.strip().isdecimal() else 0)))
