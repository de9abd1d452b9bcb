"""warded catalog classify-json: which leaves of JSON payloads are sensitive, in bulk, from lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from server.cli.command import CHECK_FAILED, CommandFailed, command

MAX_LINE = 64 << 20
"""Bytes of one line; a longer one is reported and skipped without being held."""


@command
def classify_json(
    jsonl: Annotated[str, typer.Option("--jsonl", help="File of payloads, one JSON object a line; - reads stdin.")],
) -> None:
    """Which leaves of JSON payloads are sensitive.

    Reads lines {"id","value":…} and writes for each {"id","findings":[{"pointer","label"}]}; pointers are those of
    RFC 6901, relative to the value. A line that cannot be read gives {"line","error"}; the others are done, and the
    exit code is 1.

    \b
    Example:
      warded catalog classify-json --jsonl payloads.jsonl
    """
    from catalog.columns.net import ModelRefused
    from catalog.prose.tagger import ModelUnusable, shipped

    bad = 0
    try:
        shipped()
        with _opened(jsonl) as source:
            for number, line in enumerate(_lines(source), 1):
                bad += _answer(number, line)
    except (ModelRefused, ModelUnusable) as error:
        raise CommandFailed(str(error), "install this release of warded anew") from error
    except OSError as error:
        raise CommandFailed(f"{jsonl} cannot be read: {error.strerror}") from error
    if bad:
        raise typer.Exit(CHECK_FAILED)


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as source:
        yield source


def _lines(source: BinaryIO) -> Iterator[bytes | None]:
    """Lines that are not blank; None for one that is too long."""
    while line := source.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = source.readline(MAX_LINE)
            yield None
        elif line.strip():
            yield line


def _answer(number: int, line: bytes | None) -> int:
    """Writes the findings of one line, or what is wrong with it; 1 for a bad line."""
    from catalog.jsontext import Members, Unreadable, read, write
    from catalog.structured import find_in_tree

    try:
        if line is None:
            raise Unreadable("the line is too long")
        tree = read(line.decode("utf-8"))
        if not isinstance(tree, Members) or "value" not in dict(tree):
            raise Unreadable('not an object with "id" and "value"')
        members = dict(tree)
        findings = [{"pointer": each.pointer, "label": str(each.label)} for each in find_in_tree(members["value"])]
    except (Unreadable, UnicodeDecodeError) as error:
        problem = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        print(json.dumps({"line": number, "error": problem}), flush=True)
        return 1
    print(f'{{"id": {write(members.get("id"))}, "findings": {json.dumps(findings)}}}', flush=True)
    return 0
