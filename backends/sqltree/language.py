"""What differs between the dialects, as data and small functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backends.sqltree.facts import Verdict

Parts = tuple[str, ...]
"""A relation's name as it was written: (schema or database, table), or longer; "" for what was left out."""


@dataclass(frozen=True, slots=True)
class Language:
    """`judge_function` tells what a call by name does, None = harmless; `judge_relation` what reading or writing
    (its second argument) a system relation does besides. `harmless` are names of functions in upper case, `typed`
    those that sqlglot turns into nodes of their own. `temporary`: how names of tables begin that
    are the session's own. `parameters` are the placeholders' values."""

    dialect: str
    harmless: frozenset[str]
    typed: frozenset[str]
    judge_function: Callable[[Parts], Verdict | None]
    judge_relation: Callable[[Parts, bool], Verdict | None]
    temporary: str = ""
    parameters: tuple[object, ...] = ()
