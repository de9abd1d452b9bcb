"""Values, expressions and calls of PostgreSQL's grammar, as hypothesis strategies that give text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Text = SearchStrategy[str]

FRAGMENTS: Mapping[str, Sequence[str]] = yaml.safe_load(Path(__file__).with_name("fragments.yaml").read_text("utf-8"))
"""Pieces of statements, by what they are. In a frame {t} is a table, {s} a sequence, {q} a query, {e} a value."""

TABLES = ("orders", "customers", "audit", "sales.invoices", "v_orders", "public.orders", "parts")
WRITABLE = ("orders", "customers", "audit", "sales.invoices", "v_orders", "parts", "loose")
COLUMNS = ("id", "total", "note", "customer_id", "email", "ssn", "created", "name", "orders.id", "c.email", "o.*", "o")
SEQUENCES = ("counter", "orders_id_seq", "sales.numbers")
OPERATORS = ("=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "||", "~", "LIKE", "IS DISTINCT FROM", "@>", "#", "%")
TYPES = ("int", "text", "bigint", "boolean", "numeric", "timestamptz", "jsonb", "regclass", "xml", "name", "int[]")
LITERALS = FRAGMENTS["literals"]
SERVER_FUNCTIONS = FRAGMENTS["functions"]


@dataclass(frozen=True, slots=True)
class Found:
    """What the scratch server has: calls of every built-in function, and every relation of its catalogs."""

    calls: Sequence[str]
    relations: Sequence[str]


def names(known: Sequence[str]) -> Text:
    """A name plainly, quoted, qualified, in other letters, or written by code points."""
    return st.sampled_from(known).flatmap(_spellings)


def _spellings(name: str) -> Text:
    parts = name.split(".")
    quoted = ".".join(f'"{part}"' for part in parts)
    coded = ".".join(f'U&"\\{ord(part[0]):04x}{part[1:]}"' for part in parts)
    return st.sampled_from((name, name, name, name.upper(), quoted, coded))


def calls(found: Found) -> Text:
    """Any function that there is, some with the names that guards look for."""
    known = st.one_of(st.sampled_from(SERVER_FUNCTIONS), st.sampled_from(found.calls))
    return st.builds(_called, known, st.sampled_from(("", "", "", "pg_catalog.", "PG_CATALOG.", "public.")))


def _called(call: str, schema: str) -> str:
    return call if not schema or "." in call.split("(")[0] else schema + call


def expressions(found: Found, queries: Text) -> Text:
    """Expressions of a few levels, with sub-selects from `queries`."""
    leaves = st.one_of(
        st.sampled_from(LITERALS), st.sampled_from(COLUMNS), st.sampled_from(COLUMNS), calls(found), calls(found)
    )
    return st.recursive(leaves, lambda inner: _deeper(inner, queries), max_leaves=5)


def _deeper(inner: Text, queries: Text) -> Text:
    operators = st.sampled_from(OPERATORS)
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds("({})::{}".format, inner, st.sampled_from(TYPES)),
        st.builds("CAST({} AS {})".format, inner, st.sampled_from(TYPES)),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, inner, inner, inner),
        st.builds("({})".format, queries),
        st.builds("EXISTS ({})".format, queries),
        st.builds("{} IN ({})".format, inner, queries),
        st.builds("ARRAY({})".format, queries),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
        st.builds("({} IS NOT NULL)".format, inner),
        st.builds("{} OPERATOR(pg_catalog.{}) {}".format, inner, st.sampled_from(("+", "=", "||")), inner),
        st.builds("({} AND {})".format, inner, inner),
        st.builds("row_to_json(ROW({}, {}))".format, inner, inner),
    )
