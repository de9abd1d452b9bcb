"""warded policy decide: many texts at once, for pipelines and evaluations."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from server.cli.command import USAGE, CommandFailed, command

WARM = b'{"id": 0, "protocol": "postgres", "input": "SELECT 1"}'


@command
def decide(
    jsonl: Annotated[Path, typer.Option("--jsonl", help="File of JSON lines; - reads standard input.")],
) -> None:
    """Decide texts by the packs baseline and agents: a line of JSON in, a line of JSON out, in the same order.

    A line is {"id", "protocol", "dialect", "input", "context"}, its answer {"id", "decision", "effects", "reasons",
    "rules"}. No configuration is read. The contract is in docs/policy.md.

    \b
    Example:
      warded policy decide --jsonl statements.jsonl
    """
    from backends import load_text_parsers
    from policy.decide import late, new_decider
    from server.deciding import Bench, ChildUnavailable, copy

    parsers = load_text_parsers()
    for parse in parsers.values():
        parse("SELECT 1", {})  # loads what it loads lazily, once, before there is a child
    decider = new_decider(parsers)
    with ExitStack() as opened:
        try:
            source = sys.stdin.buffer if str(jsonl) == "-" else opened.enter_context(jsonl.open("rb"))
        except OSError as error:
            raise CommandFailed(f"{jsonl} cannot be read: {error.strerror}", code=USAGE) from None
        sys.stdout.flush()
        try:
            copy(source, sys.stdout.buffer, opened.enter_context(Bench(decider.answer, late, warm=WARM)))
        except ChildUnavailable as error:
            raise CommandFailed(str(error), "Free memory or processes on this machine, then try again.") from None
