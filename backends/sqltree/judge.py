"""Which handler means what: the walk's dispatch table, and `judge`, which runs it over one statement."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot.expressions import Expr

from backends.sqltree import exhaustion, queries, writes
from backends.sqltree.facts import Facts
from backends.sqltree.grammar import forget, parse_tokens
from backends.sqltree.language import Language
from backends.sqltree.scope import Scope
from backends.sqltree.tokens import NotUnderstoodError, Tokens
from backends.sqltree.walk import OUTPUT, Handler, Walk, called_functions
from policy.effects import Effect
from policy.model import Action

HANDLERS: Mapping[str, Handler] = {
    "Anonymous": exhaustion.anonymous,
    "AnonymousAggFunc": queries.anonymous,
    "Column": queries.column,
    "Delete": writes.delete,
    "Dot": queries.dot,
    "Except": queries.set_operation,
    "Exists": queries.exists,
    "GenerateSeries": exhaustion.series,
    "Insert": writes.insert,
    "Intersect": queries.set_operation,
    "Join": queries.join,
    "Merge": writes.merge,
    "NextValueFor": queries.sequence_value,
    "Pad": exhaustion.text,
    "PropertyEQ": queries.assignment,
    "Repeat": exhaustion.text,
    "Select": exhaustion.select,
    "Space": exhaustion.text,
    "Star": queries.star,
    "Subquery": queries.subquery,
    "Table": queries.table,
    "Union": queries.set_operation,
    "Update": writes.update,
}
ROOTS = frozenset(
    {"Select", "Union", "Except", "Intersect", "Subquery", "Values", "Insert", "Update", "Delete", "Merge"}
)
"""What a statement may be. In other places than the root a write is unknown: neither dialect has it there."""
_WRITES = frozenset({"Insert", "Update", "Delete", "Merge"})
_WRITE_WORDS = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})


def judge(tokens: Tokens, language: Language, *, planned: bool = False) -> Facts:
    """What one statement of the kinds of ROOTS does. Never raises NotUnderstoodError: that becomes `unknown`."""
    walk = Walk(HANDLERS, language, planned=planned)
    try:
        tree = parse_tokens(tokens, language.dialect)
    except NotUnderstoodError as error:
        walk.facts.unknown(str(error))
        return walk.facts
    try:
        _judge_tree(walk, tree, tokens)
    finally:
        forget(tree)
    return walk.facts


def _judge_tree(walk: Walk, tree: Expr, tokens: Tokens) -> None:
    kind, language = type(tree).__name__, walk.language
    if kind not in ROOTS:
        walk.facts.unknown("this kind of statement is not known")
        return
    if kind in ("Values", "Subquery"):
        walk.mark((Action.READ,), Effect.READ)
    if not _WRITE_WORDS.isdisjoint([token.word for token in tokens[1:]]):
        _refuse_hidden_writes(walk, tree)
    for name in called_functions(tokens, language.typed):
        if name not in language.harmless:
            walk.call(language.judge_function(("", name)))
    walk.push(tree, Scope(), OUTPUT)
    walk.run()


def _refuse_hidden_writes(walk: Walk, tree: Expr) -> None:
    for node in tree.walk():
        if node is not tree and type(node).__name__ in _WRITES and type(node.parent).__name__ != "When":
            walk.facts.unknown("a write stands where none can")
