"""After kill -9: what was acknowledged is there, what stood open is said, and files of the dead are never changed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from sqlalchemy import select

from server.recording.chain import Record
from server.recording.events import OutcomeUnknown
from server.recording.reading import event_of, read_events
from server.recording.recorder import Recorder
from server.recording.recovery import Recovery
from server.recording.verify import verify_segment
from server.store.engine import Store, StoreUnavailable
from server.store.models import Segment
from tests.server.recording.conftest import MakeRecorder
from tests.server.recording.records import ALICE, BOB, closed, opened, segments, verdicts

pytestmark = pytest.mark.anyio

CHILD = """
import asyncio, os, sys
from pathlib import Path
from server.recording.recorder import Recorder
from server.store.engine import open_store
from tests.server.recording.records import ALICE, BOB, closed, opened

async def main():
    store = await open_store(sys.argv[1])
    recorder = Recorder(Path(sys.argv[2]), store, min_free_bytes=0, index_seconds=0.02)
    await recorder.start()
    number = 0
    while True:
        for who in (ALICE, BOB):
            for event in (opened(str(number)), closed(str(number))):
                await recorder.append(who, event, durability="disk" if number % 3 else "kernel")
                os.write(1, f"{event.type} {number}\\n".encode())
            number += 1

asyncio.run(main())
"""


def _kill_after(acknowledgements: int, url: str, folder: Path) -> list[str]:
    """Start a writer, kill it once it has said so often that a record is kept. Returns all it said."""
    with subprocess.Popen([sys.executable, "-c", CHILD, url, str(folder)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(acknowledgements)]
        child.kill()
        rest = child.stdout.readlines()
    return [line.decode().strip() for line in [*said, *rest] if line.endswith(b"\n")]


def _records(folder: Path) -> list[Record]:
    found: list[Record] = []
    for path in segments(folder):
        verify_segment(path, visit=found.append)
    return found


async def _rows(store: Store) -> dict[str, Segment]:
    async with store.session(read_only=True) as session:
        return {row.path: row for row in (await session.execute(select(Segment))).scalars()}


@pytest.mark.parametrize("acknowledgements", [1, 8, 57, 400])
async def test_a_killed_writer_loses_nothing_and_its_open_operations_are_reported(
    recorders: MakeRecorder, index: Store, folder: Path, acknowledgements: int
) -> None:
    said = await anyio.to_thread.run_sync(_kill_after, acknowledgements, str(index.engine.url), folder)
    assert len(said) >= acknowledgements
    before = {path: path.read_bytes() for path in segments(folder)}
    found = [f"{record.type} {record.event['operation_id']}" for record in _records(folder) if record.seq]
    assert set(said) <= set(found)
    began = {name.split()[1] for name in found if name.startswith("operation.opened")}
    ended = {name.split()[1] for name in found if name.startswith("operation.closed")}

    recovery = await recorders().start()

    assert {orphan.operation_id for orphan in recovery.unknown} == began - ended
    assert (recovery.writers, recovery.damaged) == (1, ())
    assert {path: path.read_bytes() for path in before} == before
    said_unknown = [event_of(record) for record in _records(folder) if record.type == OutcomeUnknown.type]
    assert said_unknown == [
        OutcomeUnknown(operation_id=orphan.operation_id, segment=orphan.segment) for orphan in recovery.unknown
    ]
    rows = await _rows(index)
    for path in filter(before.get, before):  # it may have died between making a file and writing to it
        row = rows[path.relative_to(folder).as_posix()]
        assert verify_segment(path, row.events, row.last_hash, closed=row.closed_at is not None).ok
        assert row.closed_at is not None


async def _crashed(recorder: Recorder) -> None:
    """As if the process died: its lock falls, nothing is closed."""
    await recorder.flush()
    assert recorder._indexer is not None
    assert recorder._flusher is not None
    recorder._indexer.cancel()
    await recorder._flusher.stop()
    recorder._flusher = None
    recorder._lock.release(clean=False)


async def _crash_with_one_open(recorder: Recorder) -> Path:
    await recorder.append(ALICE, opened("done"), durability="kernel")
    await recorder.append(ALICE, closed("done"), durability="kernel")
    await recorder.append(ALICE, opened("lost", request_id="req-7"), durability="kernel")
    await _crashed(recorder)
    return segments(recorder.folder)[0]


async def test_what_is_unknown_is_said_in_the_session_it_belongs_to(
    recorder: Recorder, recorders: MakeRecorder
) -> None:
    path = await _crash_with_one_open(recorder)
    recovery = await recorders().start()
    (orphan,) = recovery.unknown
    assert (orphan.operation_id, orphan.request_id, orphan.identity) == ("lost", "req-7", ALICE)
    (new,) = [each for each in segments(recorder.folder) if each != path]
    first, second = read_events(new)
    assert first.segment["session"] == ALICE.session
    assert event_of(second) == OutcomeUnknown(operation_id="lost", segment=orphan.segment)


async def test_what_was_recovered_is_not_reported_again(recorder: Recorder, recorders: MakeRecorder) -> None:
    await _crash_with_one_open(recorder)
    second = recorders()
    await second.start()
    await second.close()
    assert await recorders().start() == Recovery()


async def test_a_recovery_that_died_itself_is_taken_up_without_a_second_report(
    recorder: Recorder, recorders: MakeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _crash_with_one_open(recorder)
    second = recorders()
    with monkeypatch.context() as patched:
        patched.setattr("server.recording.recorder.write_rows", _fail)
        with pytest.raises(StoreUnavailable):
            await second.start()
    recovery = await recorders().start()
    assert (recovery.writers, recovery.unknown) == (2, ())
    reports = [record for record in _records(recorder.folder) if record.type == OutcomeUnknown.type]
    assert len(reports) == 1


async def _fail(*_: object) -> None:
    raise StoreUnavailable("down", "")


async def test_a_living_writer_is_left_alone(recorder: Recorder, recorders: MakeRecorder) -> None:
    await recorder.append(ALICE, opened("running"), durability="kernel")
    assert await recorders().start() == Recovery()


async def test_two_writers_of_one_session_keep_two_chains(recorder: Recorder, recorders: MakeRecorder) -> None:
    other = recorders()
    await other.start()
    for number in range(20):
        await recorder.append(ALICE, opened(f"a{number}"), durability="kernel")
        await other.append(ALICE, opened(f"b{number}"), durability="disk")
    paths = segments(recorder.folder)
    assert [verify_segment(path).events for path in paths] == [21, 21]
    assert {verify_segment(path).writer for path in paths} == {recorder.writer, other.writer}


async def test_an_operation_still_open_at_close_is_reported_by_the_next_start(
    recorder: Recorder, recorders: MakeRecorder
) -> None:
    await recorder.append(ALICE, opened("lost"), durability="kernel")
    await recorder.append(BOB, opened("done"), durability="kernel")
    await recorder.append(BOB, closed("done"), durability="kernel")
    await recorder.close()
    recovery = await recorders().start()
    assert [orphan.operation_id for orphan in recovery.unknown] == ["lost"]


async def test_a_torn_last_record_is_reported_and_what_precedes_it_kept(
    recorder: Recorder, recorders: MakeRecorder, index: Store
) -> None:
    """A crash of the machine in mid-write. The index never knew the torn record: the disk had not confirmed it."""
    path = await _crash_with_one_open(recorder)
    with path.open("ab") as file:
        file.write(b'{"at":1,"event":{"operation_id":"lo')
    recovery = await recorders().start()
    (damage,) = recovery.damaged
    assert (damage.first_bad_seq, "torn" in damage.problem) == (4, True)
    assert [orphan.operation_id for orphan in recovery.unknown] == ["lost"]
    (row,) = [row for row in (await _rows(index)).values() if row.writer == recorder.writer]
    assert (row.events, row.closed_at is not None) == (4, True)


async def test_a_file_shorter_than_the_index_says_is_damage_and_the_index_is_not_lowered(
    recorder: Recorder, recorders: MakeRecorder, index: Store
) -> None:
    path = await _crash_with_one_open(recorder)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    recovery = await recorders().start()
    (damage,) = recovery.damaged
    assert (damage.first_bad_seq, "cut" in damage.problem) == (3, True)
    (row,) = [row for row in (await _rows(index)).values() if row.writer == recorder.writer]
    assert row.events == 4


async def test_a_file_that_vanished_is_damage(recorder: Recorder, recorders: MakeRecorder) -> None:
    path = await _crash_with_one_open(recorder)
    path.unlink()
    (damage,) = (await recorders().start()).damaged
    assert "cannot be read" in damage.problem


async def test_an_index_that_lags_is_raised_to_the_file(
    recorder: Recorder, recorders: MakeRecorder, index: Store, tmp_path: Path
) -> None:
    await _crash_with_one_open(recorder)
    with sqlite3.connect(tmp_path / "index.db") as database:
        database.execute("DELETE FROM segments")
    database.close()
    recovery = await recorders().start()
    assert recovery.damaged == ()
    rows = {row.writer: row for row in (await _rows(index)).values()}
    assert (rows[recorder.writer].events, rows[recorder.writer].user) == (4, "alice")


async def test_a_closing_in_the_segment_that_followed_a_failed_one_counts(
    recorders: MakeRecorder, folder: Path
) -> None:
    from tests.server.recording.records import Disk

    recorder = recorders(system=Disk(fails_at=2, only=frozenset({"fdatasync"})))
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="disk")
    with pytest.raises(Exception, match="cannot be written"):
        await recorder.append(ALICE, opened("2"), durability="disk")
    await recorder.append(ALICE, closed("1"), durability="disk")
    await _crashed(recorder)
    recovery = await recorders().start()
    assert [orphan.operation_id for orphan in recovery.unknown] == ["2"]
    assert all(verdict.ok for verdict in verdicts(folder).values())
