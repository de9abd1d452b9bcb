"""Smaller statements that might pass where one was refused: made from its syntax tree, for the engine to judge again.

Every candidate is an edit of the author's own text. It is parsed again, and dropped unless its tree is the original one
with exactly the change that was meant. Whether it passes is not decided here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from backends.base import Rewrite
from backends.postgres.clauses import clauses, tokens
from backends.postgres.edits import only, plain, same, table, written
from backends.postgres.grammar import NotUnderstoodError, statements
from backends.postgres.masked_uses import without_hidden
from backends.postgres.names import relation_name
from backends.postgres.parse import understand
from backends.postgres.target import Target
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Operation

Tree = dict[str, Any]
_LIMITS = (10_000, 1_000, 100, 10)
MAX_TEXT = 8000  # characters of a statement that is worth the time
_WIDE = frozenset(
    {
        Effect.UNBOUNDED_DELETE.value,
        Effect.UNBOUNDED_UPDATE.value,
        Effect.TAUTOLOGICAL_DELETE.value,
        Effect.TAUTOLOGICAL_UPDATE.value,
        Effect.SUSPICIOUS_PREDICATE.value,
    }
)


def rewrites(
    operation: Operation, *, hidden: Callable[[Locator], bool], target: object | None = None
) -> Iterator[Rewrite]:
    """Candidates, the smallest change first. `hidden` tells whether a column may not be seen by whoever asks."""
    text, known = operation.text, target if isinstance(target, Target) else None
    if len(text) > MAX_TEXT or operation.problem:
        return
    try:
        raw = statements(text)
    except NotUnderstoodError:
        return
    if len(raw) > 1:
        yield from _alone(operation)
        return
    kind, node = next(iter(raw[0]["stmt"].items()))
    changes = {"ExplainStmt": _planned, "SelectStmt": _unlocked, "CopyStmt": _selected}
    if kind in changes:
        yield from changes[kind](text, node)
    if kind in ("DeleteStmt", "UpdateStmt") and operation.effects & _WIDE and known is not None:
        yield from _by_key(text, kind, node, known)
    if kind == "SelectStmt":

        def judge(text: str) -> Operation:
            return understand(text, operation.parameters, target=known).operation

        yield from without_hidden(operation, node, hidden=hidden, target=known, judge=judge)
        yield from _fewer(text, node)


def _fewer(text: str, node: Tree) -> Iterator[Rewrite]:
    """A LIMIT, or a lower one; the largest first."""
    found = clauses(text)
    if found is None or found.keys() & {"OFFSET", "FETCH", "FOR"}:
        return
    end = found["LIMIT"].start if "LIMIT" in found else max(span.end for span in found.values())
    given = node.get("limitCount", {}).get("A_Const", {}).get("ival", {}).get("ival", math.inf)
    for rows in _LIMITS:
        changed = f"{text[:end].rstrip()} LIMIT {rows}"
        limit = {"limitCount": {"A_Const": {"ival": {"ival": rows}}}, "limitOption": "LIMIT_OPTION_COUNT"}
        if rows < given and same(changed, {"SelectStmt": {**node, **limit}}):
            yield Rewrite(changed, f"at most {rows} rows", rows)


def _alone(operation: Operation) -> Iterator[Rewrite]:
    """The one statement between BEGIN and COMMIT."""
    rest = [each for each in operation.statements if each.kind not in ("TRANSACTION", "SET")]
    if len(rest) == 1:
        yield Rewrite(rest[0].text, "the statement alone: every call is a transaction of its own")


def _planned(text: str, node: Tree) -> Iterator[Rewrite]:
    """EXPLAIN without its options, so without ANALYZE."""
    found = tokens(text)
    index = 1
    if found[1].word == "(":
        index = next((i + 1 for i, token in enumerate(found) if token.word == ")" and token.depth == 0), len(found))
    while index < len(found) and found[index].word in ("ANALYZE", "ANALYSE", "VERBOSE"):
        index += 1
    if index < len(found) and "options" in node:
        changed = f"EXPLAIN {text[found[index].start :]}"
        if same(changed, {"ExplainStmt": {"query": node["query"]}}):
            yield Rewrite(changed, "EXPLAIN without ANALYZE: it shows the plan and runs nothing")


def _unlocked(text: str, node: Tree) -> Iterator[Rewrite]:
    found = clauses(text) if "lockingClause" in node else None
    if found and "FOR" in found:
        span = found["FOR"]
        changed = (text[: span.start].rstrip() + " " + text[span.end :]).strip()
        wanted = {name: value for name, value in node.items() if name != "lockingClause"}
        if same(changed, {"SelectStmt": wanted}):
            yield Rewrite(changed, "without the row locks")


def _selected(text: str, node: Tree) -> Iterator[Rewrite]:
    """COPY … TO as a SELECT of the same rows."""
    if node.get("is_from"):
        return
    if "query" in node:
        found = tokens(text)
        end = next((token for token in found if token.word == ")" and token.depth == 0), None)
        changed = text[found[1].end : end.start].strip() if end and found[1].word == "(" else ""
        if changed and same(changed, node["query"]):
            yield Rewrite(changed, "the query itself: its rows are limited and masked")
        return
    names = [item["String"]["sval"] for item in node.get("attlist", ())]
    listed = ", ".join(map(written, names)) or "*"
    yield Rewrite(f"SELECT {listed} FROM {table(node['relation'])}", "a SELECT: its rows are limited and masked")


def _by_key(text: str, kind: str, node: Tree, target: Target) -> Iterator[Rewrite]:
    """A WHERE that names rows by the table's primary key, with placeholders to fill in."""
    name = target.relation(relation_name(node["relation"]))
    key = target.body.relations[name].key if name else ()
    found = clauses(text)
    if not key or found is None or "withClause" in node:
        return
    first = 1 + max((int(token[1:]) for token in re.findall(r"\$\d+", text)), default=0)
    alias = node["relation"].get("alias", {}).get("aliasname", "")
    condition = " AND ".join(
        f"{written(alias) + '.' if alias else ''}{written(column)} = ${first + index}"
        for index, column in enumerate(key)
    )
    if "WHERE" in found:
        changed = f"{text[: found['WHERE'].start]}WHERE {condition} {text[found['WHERE'].end :].lstrip()}".rstrip()
    else:
        end = found["RETURNING"].start if "RETURNING" in found else max(span.end for span in found.values())
        changed = f"{text[:end].rstrip()} WHERE {condition} {text[end:].lstrip('; ')}".rstrip()
    if _only_condition_differs(changed, kind, node):
        words = ", ".join(f"${first + index} = {column}" for index, column in enumerate(key))
        yield Rewrite(changed, f"only the rows that you name by their key: {words}")


def _only_condition_differs(text: str, kind: str, node: Tree) -> bool:
    tree = only(text)
    if tree is None or kind not in tree or "whereClause" not in tree[kind]:
        return False
    rest = {name: value for name, value in tree[kind].items() if name != "whereClause"}
    wanted = {name: value for name, value in node.items() if name != "whereClause"}
    return bool(plain(rest) == plain(wanted))
