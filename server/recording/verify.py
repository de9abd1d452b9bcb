"""Is a segment whole? Finds edited, deleted, inserted, swapped, reordered and cut records; names the first bad one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.recording.chain import GENESIS, BadRecord, Record, decode


@dataclass(frozen=True, slots=True)
class Verdict:
    """`events` valid records come first, the last of them with `last_hash`; `first_bad_seq` is the one that follows.

    `torn` = the file ends inside a record and is otherwise whole: a crash while writing, or a cut.
    `session` and `writer` are what the first record says.
    """

    ok: bool
    events: int
    problem: str = ""
    first_bad_seq: int | None = None
    last_hash: str = GENESIS
    torn: bool = False
    session: str = ""
    writer: str = ""


def verify_segment(
    path: Path,
    expected_events: int | None = None,
    expected_hash: str | None = None,
    *,
    closed: bool = False,
    visit: Callable[[Record], None] | None = None,
) -> Verdict:
    """Check every record of the file, and that it passes through what the index says.

    Without the index a cut at the end of a record cannot be seen. The index lags behind a
    file that is being written, so more records are fine unless it is `closed`. `visit` is
    given each valid record.
    """
    expected = (expected_events or 0, expected_hash or "")
    try:
        scan = _Scan(expected, visit)
        with path.open("rb") as file:
            for line in file:
                scan.line(line)
                if scan.problem:
                    break
    except OSError as error:
        return Verdict(False, 0, f"the file cannot be read: {error.strerror}", first_bad_seq=0)
    if not scan.problem:
        scan.end(closed)
    return scan.verdict()


class _Scan:
    """The chain as read so far."""

    __slots__ = ("_expected", "_visit", "events", "first", "last", "problem", "torn")

    def __init__(self, expected: tuple[int, str], visit: Callable[[Record], None] | None) -> None:
        self._expected, self._visit = expected, visit
        self.events, self.last, self.problem = 0, GENESIS, ""
        self.torn = False
        self.first: Record | None = None

    def line(self, line: bytes) -> None:
        if not line.endswith(b"\n"):
            self.torn = True
            self.problem = f"record {self.events} is torn: the file ends inside it"
            return
        try:
            record = decode(line, seq=self.events, prev=self.last)
        except BadRecord as error:
            self.problem = f"record {self.events} {error}"
            return
        if self.first is None:
            self.first = record
        self._count(record)
        if self._visit is not None and not self.problem:
            self._visit(record)

    def _count(self, record: Record) -> None:
        if self.events + 1 == self._expected[0] and self._expected[1] not in ("", record.hash):
            self.problem = f"record {self.events} is not the one that the index knows: the file was rewritten"
            return
        self.events, self.last = self.events + 1, record.hash

    def end(self, closed: bool) -> None:
        known = self._expected[0]
        if self.events < known:
            self.problem = f"record {self.events} is missing: the index knows {known} records, the file was cut"
        elif closed and self.events > known:
            self.events = known
            self.problem = f"record {known} was appended after the segment was closed"

    def verdict(self) -> Verdict:
        header = self.first.segment if self.first else {}
        return Verdict(
            not self.problem,
            self.events,
            problem=self.problem,
            first_bad_seq=self.events if self.problem else None,
            last_hash=self.last,
            torn=self.torn,
            session=header.get("session", ""),
            writer=header.get("writer", ""),
        )
