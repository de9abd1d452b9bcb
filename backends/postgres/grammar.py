"""PostgreSQL's own grammar (libpg_query 17), behind bounds that keep hostile text from harming the process.

What libpg_query 17 does with extreme text, measured: nesting ends in its own "memory exhausted"; a left-deep
chain (`1+1+…`, `a JOIN b …`) of more than about 40,000 terms overruns an 8 MiB stack; from about 1,000 terms
on the tree is too deep to decode. A NUL ends the text for the parser while more follows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pgparse

MAX_TEXT = 256 * 1024  # characters of one text; a longer one is not understood
INLINE_TEXT = 16 * 1024  # characters; up to here no chain is long enough to need more than a usual stack
STACK = 512 * 1024 * 1024  # bytes of stack (virtual) for longer texts
MAX_MESSAGE = 300  # characters of the parser's message that are passed on

Tree = dict[str, Any]


class NotUnderstoodError(Exception):
    """The text is not SQL, or too large or deep to be judged. The message may be shown to its author."""


def statements(text: str) -> list[Tree]:
    """The raw statements of `text`: stmt, stmt_location, stmt_len (bytes). Raises NotUnderstoodError."""
    problem = unreadable(text)
    if problem:
        raise NotUnderstoodError(problem)
    return _guarded(pgparse.parse, text)


def function_body(text: str) -> list[Tree]:
    """The PL/pgSQL syntax tree of one CREATE FUNCTION or DO statement.

    libpg_query asserts on statements it does not expect (SQL bodies, two AS items), which would end the process:
    pass only text put together in `bodies`. Raises NotUnderstoodError.
    """
    problem = unreadable(text)
    if problem:
        raise NotUnderstoodError(problem)
    return _guarded(pgparse.parse_pgsql, text)


def unreadable(text: str) -> str:
    """Why the parser must not see this text; "" if it may."""
    if len(text) > MAX_TEXT:
        return f"the text is longer than {MAX_TEXT} characters"
    if "\0" in text:
        return "the text contains a NUL character"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "the text is not valid Unicode (lone surrogate)"
    return ""


def _guarded(parse: Callable[[str], list[Tree]], text: str) -> list[Tree]:
    try:
        return parse(text) if len(text) <= INLINE_TEXT else _on_large_stack(parse, text)
    except pgparse.PGQueryError as error:
        raise NotUnderstoodError(str(error)[:MAX_MESSAGE]) from None
    except (RecursionError, MemoryError):
        raise NotUnderstoodError("the statement is nested too deeply") from None
    except ValueError:
        raise NotUnderstoodError("the syntax tree of the statement could not be read") from None


def _on_large_stack(parse: Callable[[str], list[Tree]], text: str) -> list[Tree]:
    outcome: list[list[Tree] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(parse(text))
        except BaseException as error:  # noqa: BLE001 - handed over and raised below
            outcome.append(error)

    usual = threading.stack_size(STACK)
    try:
        worker = threading.Thread(target=work, name="warded-parse")
        worker.start()
    finally:
        threading.stack_size(usual)
    worker.join()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result
