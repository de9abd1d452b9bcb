"""Lines are judged in a child: order is kept, and nothing that a line does to the child reaches the others."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from policy.decide import MAX_LINE
from server.deciding import DIED, LATE, Bench, batches, copy


def answer(line: bytes) -> bytes:
    """Obeys: `sleep`, `die`, else echoes."""
    if line == b"sleep":
        time.sleep(60)
    if line == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    return b"answer to " + line


def refuse(line: bytes, reason: str) -> bytes:
    return line + b": " + reason.encode()


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(answer, refuse, warm=b"warm") as made:
        yield made


def test_every_line_gets_its_answer_in_order(bench: Bench) -> None:
    lines = [str(number).encode() for number in range(1000)]
    assert list(bench.answers(lines)) == [b"answer to " + line for line in lines]


@pytest.mark.parametrize(("word", "reason"), [(b"sleep", LATE), (b"die", DIED)])
def test_a_line_that_stalls_or_kills_the_child_is_refused_and_the_rest_is_answered(
    bench: Bench, word: bytes, reason: str
) -> None:
    found = list(bench.answers([b"1", word, b"2", word, b"3"]))
    refused = word + b": " + reason.encode()
    assert found == [b"answer to 1", refused, b"answer to 2", refused, b"answer to 3"]


def test_a_late_line_is_answered_within_a_quarter_of_a_second_or_little_more(bench: Bench) -> None:
    began = time.monotonic()
    assert list(bench.answers([b"sleep"])) == [b"sleep: " + LATE.encode()]
    assert time.monotonic() - began < 2, "the machine may be busy, sixty seconds it is not"


def test_the_child_goes_with_its_bench() -> None:
    with Bench(answer, refuse, warm=b"warm") as made:
        child = made._child
        assert child is not None
        assert child.is_alive()
    assert not child.is_alive()


def test_lines_come_as_soon_as_they_are_there() -> None:
    """A reader that waits for its answer before it sends the next line must get it."""
    with Bench(answer, refuse, warm=b"warm") as bench:  # before the pipes: a child keeps what is open
        inward, outward = os.pipe(), os.pipe()
        source, target = os.fdopen(inward[0], "rb"), os.fdopen(outward[1], "wb")
        lines, answers = os.fdopen(inward[1], "wb", buffering=0), os.fdopen(outward[0], "rb")
        thread = threading.Thread(target=copy, args=(source, target, bench))
        thread.start()
        for word in (b"one", b"two"):
            lines.write(word + b"\n")
            assert answers.readline() == b"answer to " + word + b"\n"
        lines.close()
        thread.join(timeout=30)
        assert not thread.is_alive()
        for each in (source, target, answers):
            each.close()


def test_it_stops_quietly_when_nobody_reads_the_answers(bench: Bench) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    target = os.fdopen(writer, "wb", buffering=0)
    copy(io.BytesIO(b"1\n2\n"), target, bench)
    target.close()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\nb\n", [b"a", b"b"]),
        (b"\n\n a \r\n\n", [b" a \r"]),
        (b"\xff\x00\n", [b"\xff\x00"]),
    ],
)
def test_a_stream_is_cut_into_its_lines(text: bytes, lines: list[bytes]) -> None:
    assert [line for batch in batches(io.BytesIO(text)) for line in batch] == lines


@pytest.mark.parametrize("after", [b"\nnext\n", b"\nnext"])
def test_a_line_without_end_is_cut_once_and_the_next_one_is_whole(after: bytes) -> None:
    stream = io.BytesIO(b"first\n" + b"x" * (3 * MAX_LINE) + after)
    first, long, second = (line for batch in batches(stream) for line in batch)
    assert (first, second) == (b"first", b"next")
    assert set(long) == {ord("x")}
    assert MAX_LINE < len(long) <= MAX_LINE + 1


def test_json_is_not_cut_at_the_separators_of_unicode() -> None:
    line = json.dumps({"input": "a\u2028b\x85c"}, ensure_ascii=False).encode()
    assert [each for batch in batches(io.BytesIO(line + b"\n")) for each in batch] == [line]
