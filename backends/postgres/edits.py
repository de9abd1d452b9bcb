"""Whether an edited text means the tree that was meant, and how names are written."""

from __future__ import annotations

import re
from typing import Any

from backends.postgres.clauses import tokens
from backends.postgres.grammar import NotUnderstoodError, statements

Tree = dict[str, Any]
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def same(text: str, wanted: Tree) -> bool:
    """Whether a text means exactly this tree."""
    tree = only(text)
    return tree is not None and plain(tree) == plain(wanted)


def only(text: str) -> Tree | None:
    try:
        raw = statements(text)
    except NotUnderstoodError:
        return None
    return raw[0]["stmt"] if len(raw) == 1 else None


def plain(node: Any) -> Any:
    """A tree without places in the text."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: plain(value) for name, value in node.items() if not name.endswith("location")}


def written(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def table(range_var: Tree) -> str:
    return ".".join(written(part) for part in (range_var.get("schemaname", ""), range_var["relname"]) if part)


def renumbered(text: str, tree: Tree) -> tuple[str, Tree, list[int]]:
    """Text and tree with their parameters counted from $1 without a gap, and which ones they were."""
    found = [token for token in tokens(text) if token.kind == "parameter"]
    used = sorted({int(text[token.start + 1 : token.end]) for token in found})
    places = {number: index + 1 for index, number in enumerate(used)}
    for token in reversed(found):
        number = places[int(text[token.start + 1 : token.end])]
        text = f"{text[: token.start]}${number}{text[token.end :]}"
    return text, _with_numbers(tree, places), used


def _with_numbers(node: Any, places: dict[int, int]) -> Any:
    if isinstance(node, list):
        return [_with_numbers(item, places) for item in node]
    if not isinstance(node, dict):
        return node
    if "ParamRef" in node:
        number = node["ParamRef"].get("number", 0)
        return {"ParamRef": {**node["ParamRef"], "number": places.get(number, number)}}
    return {name: _with_numbers(value, places) for name, value in node.items()}
