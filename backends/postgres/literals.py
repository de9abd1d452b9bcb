"""The texts that a statement writes out, for judging whether one of them is a mask that comes back."""

from __future__ import annotations

from typing import Any

MOST = 10_000


def literals(tree: dict[str, Any]) -> tuple[str, ...]:
    """Every string constant of a parse tree, at most MOST; without recursion, because trees may be deep."""
    found: dict[str, None] = {}
    waiting: list[Any] = [tree]
    while waiting and len(found) < MOST:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            constant = node.get("A_Const")
            if constant is not None and "sval" in constant:
                found[constant["sval"].get("sval", "")] = None
            else:
                waiting.extend(value for value in node.values() if isinstance(value, dict | list))
    return tuple(found)
