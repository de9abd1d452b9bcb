"""Texts that mean the same but for a number: `… WHERE id = 5` and `… WHERE id = 6`.

Sound by construction, not by a fingerprint (which merges DO bodies, LIMITs and names): only digits are left out, only
in a text without quotes, comments and dollars, where the lexer gives the same tokens for any of them; only where the
tree shows each as the constant in `column = number` among the conjuncts of the WHERE of a plain SELECT; and only after
other numbers in their places were judged alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from backends.postgres.grammar import statements
from policy.model import Operation

LONGEST = 4096
_NUMBER = re.compile(r"(?<=[\w \t\n])=[ \t\n]*([1-9][0-9]{0,8})(?=[ \t\n;)]|\Z)", re.ASCII)
_OPAQUE = re.compile(r"['\"$\\\x00]|--|/\*", re.ASCII)
_HOLE = "= \x00"  # no text that is folded holds this byte


def fold(text: str) -> str | None:
    """The text without the numbers that columns may be compared with; None = there are none, or it is no such text."""
    if "=" not in text or len(text) > LONGEST or not text.isascii() or _OPAQUE.search(text):
        return None
    folded, count = _NUMBER.subn(_HOLE, text)
    return folded if count else None


def insensitive(text: str, operation: Operation, understand: Callable[[str], Operation | None]) -> bool:
    """Whether every text of the same fold means what this one means. `understand` judges a text anew."""
    numbers = _NUMBER.findall(text)
    if operation.literals or operation.options or _compared(text) != len(numbers):
        return False
    ways = [7] * len(numbers), range(11, 11 + len(numbers)), range(900, 900 - len(numbers), -1)
    return all(_blank(understand(_filled(text, way))) == _blank(operation) for way in ways)


def _filled(text: str, numbers: Iterable[int]) -> str:
    """The text with other numbers."""
    rest = iter(numbers)
    return _NUMBER.sub(lambda _found: f"= {next(rest)}", text)


def _compared(text: str) -> int:
    """How many conjuncts of its WHERE are `column = number`; 0 = not one plain SELECT."""
    try:
        found = statements(text)
    except Exception:  # noqa: BLE001 - such a text was judged `unknown`, and is judged each time
        return 0
    select = found[0]["stmt"].get("SelectStmt") if len(found) == 1 else None
    if select is None or select.get("op", "SETOP_NONE") != "SETOP_NONE" or "intoClause" in select:
        return 0
    return sum(map(_is_comparison, _conjuncts(select.get("whereClause", {}))))


def _conjuncts(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    either = node.get("BoolExpr")
    if either is not None and either.get("boolop") == "AND_EXPR":
        for each in either["args"]:
            yield from _conjuncts(each)
    else:
        yield node


def _is_comparison(node: dict[str, Any]) -> bool:
    compared = node.get("A_Expr", {})
    return (
        compared.get("kind") == "AEXPR_OP"
        and [each.get("String", {}).get("sval") for each in compared.get("name", ())] == ["="]
        and "ColumnRef" in compared.get("lexpr", {})
        and "ival" in compared.get("rexpr", {}).get("A_Const", {})
    )


def _blank(operation: Operation | None) -> Operation | None:
    if operation is None:
        return None
    return replace(operation, text="", statements=tuple(replace(each, text="") for each in operation.statements))
