"""Tampering: whatever is done to a file of records, verify says so and names the first bad record."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.recording.chain import GENESIS, encode
from server.recording.verify import Verdict, verify_segment

COUNT = 12


def _lines(count: int = COUNT, text: str = "SELECT 1") -> list[bytes]:
    prev, lines = GENESIS, []
    for seq in range(count):
        event = {"operation_id": f"op_{seq // 2}", "text": text}
        values = {"seq": seq, "at": 1.0 + seq, "type": "operation.opened/1", "event": event, "prev": prev}
        if seq == 0:
            values["segment"] = {"session": "s", "writer": "w", "warded_version": "1"}
        line, prev = encode(values)
        lines.append(line)
    return lines


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.jsonl"


def _check(path: Path, lines: list[bytes], **expected: object) -> Verdict:
    path.write_bytes(b"".join(lines))
    return verify_segment(path, **expected)  # type: ignore[arg-type]


def _last_hash(path: Path, lines: list[bytes]) -> str:
    return _check(path, lines).last_hash


def test_an_untouched_segment_is_whole(path: Path) -> None:
    verdict = _check(path, _lines())
    assert verdict == Verdict(True, COUNT, last_hash=verdict.last_hash, session="s", writer="w")
    assert _check(path, _lines(), expected_events=COUNT, expected_hash=verdict.last_hash, closed=True).ok


def test_a_segment_may_be_ahead_of_the_index_until_it_is_closed(path: Path) -> None:
    early = _last_hash(path, _lines()[:5])
    assert _check(path, _lines(), expected_events=5, expected_hash=early).ok
    late = _check(path, _lines(), expected_events=5, expected_hash=early, closed=True)
    assert (late.ok, late.first_bad_seq) == (False, 5)
    assert "appended" in late.problem


@pytest.mark.parametrize("at", range(COUNT))
def test_every_edited_record_is_found(path: Path, at: int) -> None:
    lines = _lines()
    lines[at] = lines[at].replace(b"SELECT 1", b"SELECT 2")
    verdict = _check(path, lines)
    assert (verdict.ok, verdict.events, verdict.first_bad_seq) == (False, at, at)


@pytest.mark.parametrize("at", range(COUNT - 1))
def test_every_deleted_record_is_found(path: Path, at: int) -> None:
    lines = _lines()
    del lines[at]
    assert _check(path, lines).first_bad_seq == at


@pytest.mark.parametrize("at", range(COUNT - 1))
def test_every_pair_of_swapped_records_is_found(path: Path, at: int) -> None:
    lines = _lines()
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    assert _check(path, lines).first_bad_seq == at


@pytest.mark.parametrize("at", range(COUNT))
def test_every_repeated_record_is_found(path: Path, at: int) -> None:
    lines = _lines()
    lines.insert(at, lines[at])
    assert _check(path, lines).first_bad_seq == at + 1


@pytest.mark.parametrize("at", range(COUNT))
def test_a_record_of_another_segment_is_found(path: Path, at: int) -> None:
    lines = _lines()
    lines[at] = _lines(text="SELECT 3")[at]
    assert _check(path, lines).first_bad_seq == (1 if at == 0 else at)


@pytest.mark.parametrize("junk", [b"\n", b"x", b"{}\n", b"\0" * 512], ids=["empty line", "byte", "object", "zeros"])
def test_what_is_appended_without_a_hash_is_found(path: Path, junk: bytes) -> None:
    verdict = _check(path, [*_lines(), junk])
    assert (verdict.ok, verdict.events, verdict.first_bad_seq) == (False, COUNT, COUNT)


@pytest.mark.parametrize("at", range(COUNT))
def test_a_chain_rewritten_from_any_record_on_does_not_match_the_index(path: Path, at: int) -> None:
    """Who can write the file can compute every hash again, but cannot change the index."""
    true = _last_hash(path, _lines())
    prev, forged = GENESIS, list(_lines())
    for seq in range(COUNT):
        text = "harmless" if seq == at else "SELECT 1"
        event = {"operation_id": f"op_{seq // 2}", "text": text}
        values = {"seq": seq, "at": 1.0 + seq, "type": "operation.opened/1", "event": event, "prev": prev}
        if seq == 0:
            values["segment"] = {"session": "s", "writer": "w", "warded_version": "1"}
        forged[seq], prev = encode(values)
    assert _check(path, forged).ok
    verdict = _check(path, forged, expected_events=COUNT, expected_hash=true)
    assert (verdict.ok, verdict.first_bad_seq) == (False, COUNT - 1)
    assert "rewritten" in verdict.problem


def test_a_file_cut_at_any_byte_is_found(path: Path) -> None:
    whole, last = b"".join(_lines(4)), _last_hash(path, _lines(4))
    ends = [len(b"".join(_lines(4)[:n])) for n in range(5)]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        verdict = verify_segment(path, 4, last)
        kept = max(n for n, end in enumerate(ends) if end <= size)
        assert (verdict.ok, verdict.events, verdict.first_bad_seq) == (False, kept, kept), size
        assert verdict.torn == (size not in ends), size


def test_a_changed_byte_anywhere_is_found(path: Path) -> None:
    whole = b"".join(_lines(4))
    ends = [len(b"".join(_lines(4)[: n + 1])) for n in range(4)]
    for position in range(len(whole)):
        forged = bytearray(whole)
        forged[position] ^= 0x01
        path.write_bytes(forged)
        verdict = verify_segment(path)
        assert verdict.first_bad_seq == next(n for n, end in enumerate(ends) if position < end), position


@pytest.mark.parametrize(
    ("make", "problem"),
    [(lambda path: None, "No such file"), (lambda path: path.mkdir(), "directory")],
    ids=["absent", "a folder"],
)
def test_a_file_that_cannot_be_read_is_not_whole(path: Path, make: Callable[[Path], None], problem: str) -> None:
    make(path)
    verdict = verify_segment(path, 3, "f" * 64)
    assert (verdict.ok, verdict.first_bad_seq) == (False, 0)
    assert problem.lower() in verdict.problem.lower()


def test_an_emptied_file_is_a_cut(path: Path) -> None:
    assert _check(path, []).ok
    assert not _check(path, [], expected_events=1, expected_hash="f" * 64).ok


def test_each_valid_record_is_visited_once_and_no_other(path: Path) -> None:
    lines, seen = _lines(), list[int]()
    lines[7] = lines[7].replace(b"SELECT 1", b"SELECT 2")
    path.write_bytes(b"".join(lines))
    verify_segment(path, visit=lambda record: seen.append(record.seq))
    assert seen == list(range(7))


def test_verify_is_fast_enough_for_an_audit(path: Path) -> None:
    """The bar is 50,000 a second on a quiet machine; a tenth of it here finds what became quadratic."""
    path.write_bytes(b"".join(_lines(20_000)))
    began = time.process_time()
    assert verify_segment(path).events == 20_000
    assert time.process_time() - began < 4.0
