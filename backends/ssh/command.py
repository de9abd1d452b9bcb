"""One simple command, ready to be judged, and what is gathered while a text is judged."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from backends.ssh.paths import Ground
from backends.ssh.scope import NO_INPUT, UNKNOWN_STREAM, Scope, Stream
from backends.ssh.words import Word
from catalog.model import Locator
from policy.effects import Effect
from policy.model import Action

Foreign = Callable[[str, str], tuple[frozenset[Action], frozenset[str]] | None]
"""(protocol, text) → actions and effects of a text in another language; None = nobody here reads it."""


@dataclass(slots=True)
class Facts:
    """What the text does, gathered command by command."""

    effects: set[Effect | str] = field(default_factory=set)
    actions: set[Action] = field(default_factory=set)
    targets: dict[Locator, None] = field(default_factory=dict)
    programs: dict[str, None] = field(default_factory=dict)

    def add(self, action: Action, *effects: Effect | str) -> None:
        self.actions.add(action)
        self.effects.update(effects)


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, as far as known. `words[0]` is the program."""

    words: tuple[Word, ...]
    stdin: Stream = NO_INPUT

    @property
    def name(self) -> str:
        return self.words[0].text

    @property
    def arguments(self) -> tuple[Word, ...]:
        return self.words[1:]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[1:])

    def has(self, *options: str) -> bool:
        """Whether one of these options is given: long ones whole or with `=`, short ones also in a cluster (`-rf`)."""
        for word in self.words[1:]:
            text = word.text
            if text == "--":
                return False
            for option in options:
                if option.startswith("--"):
                    if text == option or text.startswith(option + "="):
                        return True
                elif text.startswith("-") and not text.startswith("--") and option[1:] in text[1:]:
                    return True
        return False

    def operands(self, taking: Collection[str] = ()) -> list[Word]:
        """The arguments that are no options; the options in `taking` have a value of their own ("-o", "--output")."""
        found: list[Word] = []
        rest = list(self.words[1:])
        while rest:
            word = rest.pop(0)
            if word.text == "--":
                return found + rest
            if not word.flag or word.text == "-":
                found.append(word)
            elif word.text in taking and rest:
                rest.pop(0)
        return found

    def option(self, *options: str) -> Word | None:
        """The value of an option: `-o v`, `-ov`, `--output v`, `--output=v`."""
        for index, word in enumerate(self.words[1:], start=1):
            for option in options:
                if word.text == option and index + 1 < len(self.words):
                    return self.words[index + 1]
                if option.startswith("--") and word.text.startswith(option + "="):
                    return Word(word.text[len(option) + 1 :], glob=word.glob, splits=word.splits)
                if (
                    not option.startswith("--")
                    and len(option) == 2
                    and word.text.startswith(option)
                    and word.text != option
                ):
                    return Word(word.text[2:], glob=word.glob, splits=word.splits)
        return None


def after_options(command: Command, taking: Collection[str] = (), *, skip: int = 0) -> list[Word]:
    """The words from the first operand on, `skip` operands later: the command behind a wrapper, options and all."""
    rest = list(command.arguments)
    while rest and (rest[0].flag or skip):
        word = rest.pop(0)
        if word.text == "--":
            return rest[skip:]
        if not word.flag:
            skip -= 1
        elif word.text in taking and rest:
            rest.pop(0)
    return rest


@dataclass(frozen=True, slots=True)
class Case:
    """What a judge of one program works with."""

    command: Command
    facts: Facts
    ground: Ground
    scope: Scope
    again: Callable[[str], Stream]
    """Reads another text of the shell, in a shell of its own."""
    run: Callable[[Command], Stream]
    """Judges another command, such as the one behind `sudo`."""
    foreign: Foreign


Judge = Callable[[Case], Stream | None]
"""Adds what the program does to the facts; what it prints, None = not known and not fetched."""

Table = Mapping[str, Judge]

__all__ = ["NO_INPUT", "UNKNOWN_STREAM", "Case", "Command", "Facts", "Foreign", "Judge", "Table", "after_options"]
