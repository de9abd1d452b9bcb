"""One statement through sqlglot. What it does not read as exactly one tree is not understood."""

from __future__ import annotations

import logging

from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError

from backends.sqltree.tokens import NotUnderstoodError, Tokens, check_shape, render

_NO_CALLS = frozenset(
    """
    ALL AND ANY APPLY LIKE OR XOR INSERT CASE COLUMNS EXISTS NEXT SOME VALUES XMLTABLE NOT OVER
    """.split()  # noqa: SIM905 - a list of names reads better as a text
)
"""Words before a parenthesis that sqlglot reads like functions."""
_MESSAGE = "the statement is not understood"
logging.getLogger("sqlglot").addFilter(lambda record: False)  # it would log the statement, which may be sensitive


def parse_tokens(tokens: Tokens, dialect: str) -> exp.Expr:
    """The tree of one statement. Raises NotUnderstoodError, and RecursionError where it is nested too deeply."""
    check_shape(tokens)
    try:
        trees = Dialect.get_or_raise(dialect).parse(render(tokens))
    except SqlglotError:
        raise NotUnderstoodError(_MESSAGE) from None
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, AssertionError):
        raise NotUnderstoodError(_MESSAGE) from None  # sqlglot's own mistakes on hostile text
    if len(trees) != 1 or trees[0] is None:
        raise NotUnderstoodError(_MESSAGE)
    return trees[0]


def forget(tree: exp.Expr) -> None:
    """Take the tree apart once it is judged. Its nodes know their parents: left whole, some thousand nodes of each
    statement would wait for the collector, which then stops the process for many statements at once."""
    pending: list[object] = [tree]
    while pending:
        value = pending.pop()
        if isinstance(value, exp.Expr):
            value.parent = None
            pending += value.args.values()
        elif isinstance(value, list):
            pending += value


def typed_functions(dialect: str) -> frozenset[str]:
    """Names of functions that sqlglot turns into nodes of their own, so that the name is no longer in the tree."""
    parser = Dialect.get_or_raise(dialect).parser_class
    typed = {*parser.FUNCTIONS, *parser.FUNCTION_PARSERS, *parser.NO_PAREN_FUNCTION_PARSERS}
    return frozenset(typed) - _NO_CALLS
