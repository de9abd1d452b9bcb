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
    those that sqlglot turns into nodes of their own. `truthy`: numbers, texts and bare columns are predicates.
    `temporary`: how names of tables begin that are the session's own. `parameters` are the placeholders' values,
    `variables` bare words that are local variables."""

    dialect: str
    title: str
    harmless: frozenset[str]
    typed: frozenset[str]
    judge_function: Callable[[Parts], Verdict | None]
    judge_relation: Callable[[Parts, bool], Verdict | None]
    truthy: bool
    temporary: str = ""
    parameters: tuple[object, ...] = ()
    variables: frozenset[str] = frozenset()
