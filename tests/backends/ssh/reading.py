"""What the tests look at: the commands that a text comes to, before they are judged."""

from __future__ import annotations

from unittest import mock

from backends.ssh import walk
from backends.ssh.command import Case, Command, Facts
from backends.ssh.grammar import parse_tree
from backends.ssh.programs import judge_command
from backends.ssh.scope import NO_INPUT, Scope, Stream
from backends.ssh.walk import Walker


def commands(text: str) -> list[Command]:
    """Every simple command of a text, in the order in which the shell would come to it."""
    seen: list[Command] = []

    def judge(case: Case) -> Stream:
        seen.append(case.command)
        return judge_command(case)

    walker = Walker(Facts(), Scope(), protected=(), foreign=lambda _protocol, _text: None)
    with mock.patch.object(walk, "judge_command", judge):
        walker.run(parse_tree(text), NO_INPUT)
    return seen


def first_command(text: str, name: str = "show") -> Command:
    return next(command for command in commands(text) if command.name == name)
