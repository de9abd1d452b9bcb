"""Hides the leaves of a JSON text and leaves its build: text stays text, a number a number, duplicate keys two keys.

Source of the format: RFC 8259. Nothing is rounded, because no number of the original is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_NAME = re.compile(r"[A-Za-z_]{1,40}")
_HIDDEN_KEY = "key"


class _Pairs(list[tuple[str, object]]):
    """An object as its members stand in the text."""


def mask_leaves(text: str, mask_text: Callable[[str], str | None], *, keys: bool) -> str:
    """Text leaves go through `mask_text`, numbers become 0, true becomes false; null stays. Raises ValueError,
    RecursionError. `keys` = member names of letters alone may stay; any other becomes `key1`, `key2`, …"""
    tree = json.loads(text, object_pairs_hook=_Pairs, parse_int=_zero, parse_float=_zero, parse_constant=_refused)
    return _written(tree, mask_text, keys)


def _zero(_digits: str) -> int:
    return 0


def _refused(_word: str) -> object:
    raise ValueError("JSON knows no such constant")


def _written(tree: object, mask_text: Callable[[str], str | None], keys: bool) -> str:
    match tree:
        case None:
            return "null"
        case bool():
            return "false"
        case int():
            return "0"
        case str():
            masked = mask_text(tree)
            return "null" if masked is None else json.dumps(masked, ensure_ascii=False)
        case _Pairs():
            members = (
                f"{json.dumps(_key(name, index, keys), ensure_ascii=False)}: {_written(value, mask_text, keys)}"
                for index, (name, value) in enumerate(tree, 1)
            )
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(_written(item, mask_text, keys) for item in tree) + "]"
    raise ValueError("not JSON")


def _key(name: str, index: int, keys: bool) -> str:
    return name if keys and _NAME.fullmatch(name) else f"{_HIDDEN_KEY}{index}"
