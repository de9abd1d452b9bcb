"""What is wrong with a policy document, said so that its author can act on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to fix: where, which rule, what, and the name that was likely meant.

    `line` counts from 1, 0 = the whole file.
    """

    message: str
    file: str = ""
    line: int = 0
    rule: str = ""
    nearest: str = ""
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        rule = f"rule {self.rule}: " if self.rule else ""
        hint = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{place}{rule}{self.message}{hint}"


class PolicyDocumentError(Exception):
    """The rules are not loaded; `problems` (never empty) lists every reason that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @property
    def first(self) -> Problem:
        return self.problems[0]


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that `name` most resembles, "" if none does."""
    return next(iter(difflib.get_close_matches(name, [str(word) for word in known], n=1, cutoff=0.55)), "")
