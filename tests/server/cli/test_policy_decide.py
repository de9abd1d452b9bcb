"""warded policy decide, run as the program that it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.cli.conftest import Warded

LINES = [
    {"id": "a", "protocol": "postgres", "dialect": "postgres", "input": "DELETE FROM orders", "context": {}},
    {"id": "b", "protocol": "postgres", "input": "DELETE FROM orders WHERE id = 1"},
    {"id": "c", "protocol": "postgres", "input": "DELETE FROM orders WHERE id = 1", "context": {"mode": "read_only"}},
    {"id": "d", "protocol": "postgres", "input": "CREATE INDEX i ON orders (id)"},
    {"id": "e", "protocol": "http", "input": "GET /"},
]
DECISIONS = {"a": "deny", "b": "allow", "c": "deny", "d": "hold", "e": "deny"}


def text() -> str:
    return "".join(json.dumps(line) + "\n" for line in LINES)


def run(*arguments: str, given: str = "") -> list[dict[str, object]]:
    command = [sys.executable, "-m", "server.cli", "policy", "decide", "--jsonl", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_standard_input_and_a_file_are_answered_line_by_line_without_any_configuration(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text(text())
    found = run("-", given=text())
    assert {line["id"]: line["decision"] for line in found} == DECISIONS
    assert run(str(file)) == found


@pytest.mark.parametrize("protocol", ["postgres", "mysql", "mssql", "ssh"])
def test_the_first_line_of_each_protocol_finds_its_parser_loaded(protocol: str) -> None:
    columns = ", ".join(f"c{number} + {number}" for number in range(60))
    texts = {"ssh": "ls -l /tmp"}.get(protocol, f"SELECT {columns} FROM t JOIN u ON t.id = u.id WHERE t.a IN (1, 2)")
    (found,) = run("-", given=json.dumps({"id": 1, "protocol": protocol, "input": texts}) + "\n")
    assert (found["decision"], found["rules"]) == ("allow", ["agents.read"])


def test_bad_lines_are_denied_and_the_others_are_not_lost() -> None:
    found = run("-", given="{\n" + text() + "\x00\n")
    assert [line["id"] for line in found] == [None, *DECISIONS, None]
    assert found[0] == {"id": None, "decision": "deny", "effects": [], "reasons": ["the line is not JSON"], "rules": []}


def test_a_file_that_is_not_there_is_one_line_of_error(warded: Warded, tmp_path: Path) -> None:
    result = warded("policy", "decide", "--jsonl", str(tmp_path / "none"))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
