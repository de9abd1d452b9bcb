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
    BYTEA = "bytea"
    POINT = "point"
    XML = "xml"
    TEXT_ARRAY = "text[]"
    OTHER_ARRAY = "other[]"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A parsed type name. `width` is the most characters a text type holds, 0 = no bound."""

    family: Family
    width: int = 0


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
    (Family.BYTEA, "bytea"),
    (Family.POINT, "point"),
    (Family.XML, "xml,hstore"),
)
_FAMILIES = {name: family for family, names in _SPELLINGS for name in names.split(",")}
_MODIFIER = re.compile(r"\(([0-9, ]{1,20})\)")


@lru_cache(maxsize=2048)
def parse_type(name: str) -> ColumnType:
    """The family of a type name; total. A pure function remembered, because result columns repeat their types."""
    plain = name.strip().lower().removeprefix("pg_catalog.")
    if plain == '"char"':  # the one-byte internal type, not character(1)
        return ColumnType(Family.TEXT, 1)
    if plain.endswith("[]") or plain.startswith("_"):
        element = parse_type(plain.removesuffix("[]") if plain.endswith("[]") else plain[1:])
        unbounded = element.family is Family.TEXT and not element.width
        return ColumnType(Family.TEXT_ARRAY if unbounded else Family.OTHER_ARRAY)
    modifier = _MODIFIER.search(plain)
    base = " ".join(_MODIFIER.sub(" ", plain).split())
    family = _FAMILIES.get(base, Family.OTHER)
    return ColumnType(family, _width(base, modifier) if family is Family.TEXT else 0)


def _width(base: str, modifier: re.Match[str] | None) -> int:
    if modifier and modifier[1].strip().isdecimal():
        return int(modifier[1])
    return {"name": 63, "character": 1, "char": 1}.get(base, 0)
