"""Whatever text comes, it is judged without a fault and in time; a second parser agrees on what is run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.ssh.grammar import MAX_TEXT
from backends.ssh.parse import parse_text
from policy.model import Action
from tests.backends.ssh.reading import commands
from tests.backends.ssh.test_decisions import texts

SHFMT = Path(sys.executable).with_name("shfmt")
PIECES = st.sampled_from(
    ["rm", " ", "-rf", "/", "$(", ")", "`", '"', "'", "{", "}", ";", "|", "&", "&&", "\n", "$X", "${", "<(", ">",
     "<<E", "E", "\\", "(", "if", "then", "fi", "do", "done", "while", "for", "in", "case", "esac", "x", "=", "[", "]",
     "*", "~", "\x00", "\u200b", "é", "$'", "eval", "sh -c", "<<<", "2>&1", "((", "))", "!", "#"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=600, deadline=None)
def test_any_text_becomes_an_operation(text: str) -> None:
    operation = parse_text(text)
    assert operation.actions
    assert (Action.UNKNOWN in operation.actions) == bool(operation.problem)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_unicode_becomes_an_operation(text: str) -> None:
    assert parse_text(text).protocol == "ssh"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        "$(" * 5_000 + ")" * 5_000,
        '"$(' * 2_000 + ')"' * 2_000,
        "a;" * 30_000,
        "a|" * 20_000 + "b",
        "{a,b}" * 5_000,
        "eval " * 10_000 + "ls",
        "sh -c '" * 100,
        "f(){ f;};" * 1_000 + "f",
        "x=$x$x;" * 5_000 + "echo $x",
        "x" * (MAX_TEXT + 1),
        "echo a\x00rm",
        "echo \ud800",
        "if a; then " * 3_000,
        "for i in 1 2 3 4 5 6 7 8; do " * 12 + "ls;" + "done;" * 12,
    ],
    ids=lambda text: f"{text[:12]!r} x {len(text)}",
)
def test_texts_that_grow_or_nest_without_end_are_not_understood_or_stay_small(text: str) -> None:
    operation = parse_text(text)
    assert operation.problem or len(operation.targets) < 100


def shfmt_programs(text: str) -> Iterator[str]:
    """The literal names of the programs that shfmt finds in a text."""
    found = subprocess.run(
        [SHFMT, "--to-json", "-ln", "bash"],
        input=text.encode(),
        capture_output=True,
        timeout=10,
        check=False,
    )
    if found.returncode == 0:
        yield from _called(json.loads(found.stdout))


def _called(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if node.get("Type") == "CallExpr" and node.get("Args"):
            parts = node["Args"][0].get("Parts", [])
            if len(parts) == 1 and parts[0].get("Type") == "Lit" and "\\" not in parts[0]["Value"]:
                yield parts[0]["Value"]
        for value in node.values():
            yield from _called(value)
    elif isinstance(node, list):
        for value in node:
            yield from _called(value)


@pytest.mark.parametrize("kind", ["dangerous", "harmless", "writes"])
def test_every_program_that_a_second_parser_finds_was_judged(kind: str) -> None:
    missed = {}
    for text in texts(kind):
        operation = parse_text(text)
        if operation.problem or "$((a[" in text:
            continue
        judged = {"[", "test", "unset"} | {command.name for command in commands(text)}
        functions = {name for name in ("f", "ls", ":") if f"{name}()" in text or f"function {name}" in text}
        if lost := set(shfmt_programs(text)) - judged - functions:
            missed[text] = lost
    assert missed == {}
