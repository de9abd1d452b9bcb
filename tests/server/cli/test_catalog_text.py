"""warded catalog classify-json and mask-stream, as a person types them and as a pipe uses them."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.server.cli.conftest import Warded

WARDED = [sys.executable, "-m", "server.cli"]


def test_every_line_is_answered_and_bad_ones_are_told(warded: Warded, tmp_path: Path) -> None:
    lines = [
        '{"id":1,"value":{"email":"a@b.example","n":1}}',
        "{",
        '{"id":"x","value":{"build":"4155552671"}}',
        '{"id":2}',
    ]
    path = tmp_path / "payloads.jsonl"
    path.write_text("\n".join(lines) + "\n\n")
    result = warded("catalog", "classify-json", "--jsonl", str(path))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert answers[0] == {"id": 1, "findings": [{"pointer": "/email", "label": "EMAIL"}]}
    assert answers[1].keys() == {"line", "error"}
    assert answers[2] == {"id": "x", "findings": []}
    assert answers[3]["line"] == 4
    assert "a@b.example" not in result.stdout


def test_an_identifier_of_any_kind_comes_back_as_it_was(warded: Warded) -> None:
    line = '{"id":12345678901234567890123,"value":[]}\n'
    assert warded.ok("catalog", "classify-json", "--jsonl", "-", input=line).stdout.startswith(
        '{"id": 12345678901234567890123, '
    )


def test_a_missing_file_is_one_line(warded: Warded) -> None:
    result = warded("catalog", "classify-json", "--jsonl", "nowhere.jsonl")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: nowhere.jsonl cannot be read")


@pytest.fixture
def filter_() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*WARDED, "catalog", "mask-stream"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    yield process
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait(10)


def _read(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    assert process.stdout is not None
    return os.read(process.stdout.fileno(), 65536) if select.select([process.stdout], [], [], seconds)[0] else b""


def test_lines_and_prompts_pass_while_the_stream_is_open(filter_: subprocess.Popen[bytes]) -> None:
    assert filter_.stdin is not None
    filter_.stdin.write(b"mail joe@example.com\nPassword: ")
    first = _read(filter_, 30)
    assert first.startswith(b"mail ")
    assert b"joe@example.com" not in first
    assert (first + (b"" if first.endswith(b": ") else _read(filter_, 10))).endswith(b"\nPassword: ")
    filter_.stdin.write(b"\nend")
    filter_.stdin.close()
    assert filter_.stdout is not None
    assert filter_.stdout.read() == b"\nend"
    assert filter_.wait(10) == 0


def _flood(sink: IO[bytes]) -> None:
    for _ in range(10_000):
        sink.write(b"plain words\n" * 500)


def test_it_ends_quietly_when_nobody_reads(filter_: subprocess.Popen[bytes]) -> None:
    assert filter_.stdin is not None
    assert filter_.stdout is not None
    assert filter_.stderr is not None
    filter_.stdout.close()
    with pytest.raises(BrokenPipeError):
        _flood(filter_.stdin)
    assert filter_.wait(30) == 0
    assert filter_.stderr.read() == b""
