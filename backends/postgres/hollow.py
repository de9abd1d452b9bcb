"""Predicates that look at a row but hardly choose: a column against itself in disguise, a search for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from backends.postgres.constants import fold
from backends.postgres.names import strings
from backends.postgres.references import Rows, canonical, own_column
from backends.postgres.scope import Tree

_SEARCHES = frozenset({"position", "starts_with", "strpos"})
_CHOOSING_TEXT = """
abs array_length bit_count btrim cardinality ceil ceiling char_length character_length date date_trunc digest encode
floor hashint4 hashint8 hashtext initcap json_array_length json_extract_path json_extract_path_text jsonb_array_length
jsonb_extract_path jsonb_extract_path_text jsonb_path_exists left length lower ltrim md5 mod octet_length position right
round rtrim sha224 sha256 sha384 sha512 similarity soundex split_part starts_with strpos substr substring timezone
to_char to_date to_tsvector trim trunc unaccent upper
"""
_CHOOSING = frozenset(_CHOOSING_TEXT.split())
"""Functions whose value differs from row to row as much as their argument does. Of others that is not known."""
_PARTS_OF_TIMES = frozenset({"date_part", "extract"})
_LONG_PARTS = frozenset({"century", "decade", "epoch", "isoyear", "millennium", "year"})
_LENGTHS = frozenset({"left", "right", "substr", "substring"})
_CONTAINMENT = {"<@": "lexpr", "@>": "rexpr"}
_OPEN_RANGE = re.compile(r"\s*[\[(]\s*,.*|.*,\s*[\])]\s*")
_BOTH = ({"t", "true"}, {"f", "false"})
_TIDYING = frozenset({"btrim", "initcap", "lower", "ltrim", "regexp_replace", "replace", "rtrim", "trim", "upper"})
"""Functions that are compared with their own argument to find what they would change: `name <> trim(name)`."""
_DEADLINE = re.compile(
    r"expir|until|due|deadline|valid_to|(^|_)ends?(_|$)|(^|_)end_|scheduled|(^|_)next_|(^|_)ttl|timeout|retry|(^|_)run_at"
)


def is_hollow(node: Tree, rows: Rows) -> bool:
    """Whether a comparison or a call rests on something that is so for nearly every row."""
    comparison = node.get("A_Expr", {})
    left, right = comparison.get("lexpr", {}), comparison.get("rexpr", {})
    if comparison.get("kind") == "AEXPR_OP" and left and _against_itself(_name(comparison), left, right, rows=rows):
        return True
    if "tableoid" in (own_column(left, rows), own_column(right, rows)) or _is_in_everything(comparison, rows):
        return True
    if "MinMaxExpr" in left or "MinMaxExpr" in right:
        return True
    return any(_is_empty(call, rows, comparison) for call in _calls(node))


def _is_in_everything(comparison: Tree, rows: Rows) -> bool:
    """`x <@ '(,)'`, `x <@ int4range(NULL, 5)`, `flag = ANY ('{t,f}')`."""
    left, right = comparison.get("lexpr", {}), comparison.get("rexpr", {})
    known = fold(right, rows.parameters)
    if comparison.get("kind") == "AEXPR_OP_ANY" and known is not None:
        words = {word.strip() for word in str(known[0]).strip("{} ").lower().split(",")}
        return all(words & kind for kind in _BOTH)
    side = _CONTAINMENT.get(_name(comparison))
    if side is None or not own_column(comparison.get(side, {}), rows):
        return False
    bound = right if side == "lexpr" else left
    known, arguments = fold(bound, rows.parameters), bound.get("FuncCall", {}).get("args", [])
    if known is not None:
        return _OPEN_RANGE.fullmatch(str(known[0])) is not None
    return any(fold(argument, rows.parameters) == (None,) for argument in arguments)


def is_deadline(node: Tree, rows: Rows) -> bool:
    """A column that by its name lies in the future until it is over: what is before now is only what is over."""
    return _DEADLINE.search(own_column(node, rows).lower()) is not None


def _against_itself(name: str, left: Tree, right: Tree, *, rows: Rows) -> bool:
    """`id <= abs(id)`: a column against what is made of nothing but this column."""
    for one, other in ((left, right), (right, left)):
        column = own_column(one, rows)
        if not column or "'SelectStmt'" in repr(other):
            continue
        if {own_column(reference, rows) for reference in _references(other)} != {column}:
            continue
        made_by = strings(other.get("FuncCall", {}).get("funcname", ()))[-1:]
        return not (name in ("<>", "!=") and made_by and made_by[0] in _TIDYING)
    return False


def _is_empty(call: Tree, rows: Rows, comparison: Tree) -> bool:
    """A call that may well give the same for every row, or a search for nothing."""
    name, arguments = (strings(call.get("funcname", ()))[-1:] or ("",))[0], call.get("args", [])
    if not any(own_column(reference, rows) for reference in _references(arguments)):
        return False
    if name in _PARTS_OF_TIMES:
        part = fold(arguments[0], rows.parameters)
        equal = comparison.get("kind") == "AEXPR_OP" and _name(comparison) == "="
        return not (equal or (part is not None and part[0] in _LONG_PARTS))
    if name in _SEARCHES and any(fold(argument, rows.parameters) == ("",) for argument in arguments):
        return True
    if name in _LENGTHS and _is_cut(arguments, rows):
        return True
    return name not in _CHOOSING


def _is_cut(arguments: list[Tree], rows: Rows) -> bool:
    """left(x, 0), or a part of what was put together."""
    last = fold(arguments[-1], rows.parameters) if len(arguments) > 1 else None
    return last == (0,) or _name(arguments[0].get("A_Expr", {})) == "||"


def _name(node: Tree) -> str:
    return (strings(node.get("name", ())) or ("",))[-1]


def _calls(node: Any) -> Iterator[Tree]:
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict):
            for kind, inner in current.items():
                if kind == "FuncCall":
                    yield inner
                if kind != "SelectStmt":
                    pending.append(inner)


def _references(node: Any) -> Iterator[Tree]:
    """All column references."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict):
            for kind, inner in current.items():
                if kind == "ColumnRef":
                    yield {"ColumnRef": inner}
                else:
                    pending.append(inner)


def same(nodes: list[Tree], rows: Rows) -> bool:
    """Whether all of these are one expression."""
    return len({canonical(node, rows) for node in nodes}) == 1
