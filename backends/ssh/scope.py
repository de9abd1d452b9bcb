"""What the shell knows while a command line is read: variables, functions, aliases, the working directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tree_sitter import Node

MAX_STEPS = 4_000  # commands that one text may come to, through loops, functions and text inside text
MAX_DEPTH = 12  # texts inside texts, and functions inside functions


@dataclass(frozen=True, slots=True)
class Stream:
    """What goes through a pipe: its text when known, and whether it comes from another machine.

    `empty`: nothing is attached, so the program reads the caller's own input.
    """

    text: str | None = None
    fetched: bool = False
    empty: bool = False


NO_INPUT = Stream("", empty=True)
UNKNOWN_STREAM = Stream()


@dataclass(slots=True)
class Scope:
    """Changes as the text is read. `hosts` may be fetched from.

    A variable with the value None is set, but to what is not known.
    """

    user: str = ""
    cwd: str | None = None
    hosts: tuple[str, ...] = ()
    variables: dict[str, str | None] = field(default_factory=dict)
    functions: dict[str, Node] = field(default_factory=dict)
    calling: tuple[str, ...] = ()
    depth: int = 0
    steps: int = 0

    @property
    def home(self) -> str:
        """The user's home folder, `~` when nobody said who it is."""
        return "/root" if self.user == "root" else f"/home/{self.user}" if self.user else "~"

    def value(self, name: str) -> str | None:
        """The value of a variable, None when not known. An unset variable of the line's own is not known either."""
        if name in self.variables:
            return self.variables[name]
        return {"HOME": self.home, "PWD": self.cwd, "IFS": " ", "USER": self.user or None}.get(name)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """A subshell: nothing that it sets remains."""
        kept = dict(self.variables), dict(self.functions), self.cwd
        try:
            yield
        finally:
            self.variables, self.functions, self.cwd = kept

    @contextmanager
    def perhaps(self) -> Iterator[None]:
        """A branch that may not be taken: what it sets differently is not known afterwards."""
        variables, cwd = dict(self.variables), self.cwd
        try:
            yield
        finally:
            for name, value in self.variables.items():
                if name not in variables or variables[name] != value:
                    self.variables[name] = None
            self.cwd = cwd if self.cwd == cwd else None
