"""Programs by name: what each does with the arguments it gets. One that is not on a list is not known."""

from __future__ import annotations

import posixpath
from functools import lru_cache

from backends.ssh.command import Case, Table
from backends.ssh.files import reads
from backends.ssh.scope import UNKNOWN_STREAM, Stream
from policy.effects import Effect
from policy.model import Action

_HOMES = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "")


@lru_cache(maxsize=1)
def programs() -> Table:
    """Every program that is known, by its name."""
    from backends.ssh.programs import (
        builtins,
        changing,
        code,
        databases,
        hosts,
        network,
        producers,
        reading,
        system,
        tools,
        wrappers,
    )

    parts = (reading, changing, producers, builtins, wrappers, code, network, system, hosts, tools, databases)
    return {name: judge for part in parts for name, judge in part.PROGRAMS.items()}


def judge_command(case: Case) -> Stream:
    """Adds what one command does to the facts; what it prints, as far as known."""
    program = case.command.words[0]
    if not program.known or program.glob or program.splits:
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
        return Stream(None, fetched=program.fetched)
    folder, name = posixpath.split(program.text)
    case.facts.programs.setdefault(name)
    if folder not in _HOMES:
        return _script(case)
    if name == "busybox" or name == "toybox":
        return _applet(case)
    if not case.command.arguments and name == "":
        return UNKNOWN_STREAM
    judge = programs().get(name)
    if case.command.texts in (("--version",), ("--help",), ("-V",), ("-version",)) and name not in ("rm", "test", "["):
        case.facts.add(Action.READ)
        return UNKNOWN_STREAM
    if judge is None:
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
        return UNKNOWN_STREAM
    return judge(case) or Stream(None, fetched=case.command.stdin.fetched)


def _script(case: Case) -> Stream:
    """A program outside of the system's folders: somebody's own."""
    reads(case.command.words[0], case.facts, case.ground)
    case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return UNKNOWN_STREAM


def _applet(case: Case) -> Stream:
    from backends.ssh.programs.wrappers import behind

    return behind(case, list(case.command.arguments)) if case.command.arguments else UNKNOWN_STREAM
