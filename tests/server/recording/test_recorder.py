"""Appending: what a return means, whose file it is, when it is refused."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from pathlib import Path

import anyio
import pytest
from sqlalchemy import select

from policy.model import Identity
from server.recording.chain import Record
from server.recording.events import Event, OutcomeUnknown, RequestDecided, SessionOpened, from_dict, to_dict
from server.recording.reading import event_of, read_events
from server.recording.recorder import Recorder, RecordingUnavailable
from server.store.engine import Store, open_store
from server.store.models import Segment
from tests.server.recording.conftest import MakeRecorder
from tests.server.recording.records import ALICE, BOB, Disk, closed, files, opened, segments, until, verdicts

pytestmark = pytest.mark.anyio


def _records(folder: Path, stem: str = "session-a") -> list[Record]:
    (path,) = segments(folder, stem)
    return list(read_events(path))


async def _rows(store: Store) -> list[Segment]:
    async with store.session(read_only=True) as session:
        return list((await session.execute(select(Segment).order_by(Segment.path))).scalars())


async def test_a_session_begins_with_who_it_is(recorder: Recorder, folder: Path) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    first, second = _records(folder)
    assert event_of(first) == SessionOpened(
        user="alice",
        groups=["dev"],
        via="agent",
        client_id="client-1",
        client_name="Claude Code",
        warded_version=str(first.event["warded_version"]),
    )
    assert first.segment == {
        "session": "session-a",
        "writer": recorder.writer,
        "warded_version": first.event["warded_version"],
    }
    assert event_of(second) == event_of(second)
    assert second.type == "operation.opened/1"


async def test_each_session_has_its_own_chain(recorder: Recorder, folder: Path) -> None:
    for number in range(3):
        await recorder.append(ALICE, opened(f"a{number}"), durability="kernel")
        receipt = await recorder.append(BOB, opened(f"b{number}"), durability="kernel")
    assert receipt.seq == 3
    assert receipt.hash == _records(folder, "session-b")[-1].hash
    assert [record.event.get("operation_id") for record in _records(folder)] == [None, "a0", "a1", "a2"]
    assert all(verdict.ok for verdict in verdicts(folder).values())


async def test_a_kernel_grade_record_is_in_the_file_when_append_returns(recorder: Recorder, folder: Path) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    assert len(_records(folder)) == 2


async def test_a_kernel_grade_record_reaches_the_disk_by_itself(recorders: MakeRecorder) -> None:
    disk = Disk(only=frozenset({"fdatasync"}))
    recorder = recorders(system=disk)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="kernel")

    async def synced() -> bool:
        return bool(disk.calls)

    await until(synced)


async def test_a_disk_grade_record_waits_for_the_disk(recorders: MakeRecorder) -> None:
    disk = Disk(only=frozenset({"fdatasync", "fsync"}))
    recorder = recorders(system=disk)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="disk")
    assert disk.calls == ["fdatasync", "fsync"], "the file, and the folder that names it"
    await recorder.append(ALICE, closed("1"), durability="disk")
    assert disk.calls == ["fdatasync", "fsync", "fdatasync"]


async def test_those_who_wait_for_the_disk_share_its_sync(recorders: MakeRecorder) -> None:
    disk = Disk(only=frozenset({"fdatasync"}))
    recorder = recorders(system=disk)
    await recorder.start()
    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(_append_to_disk, recorder, str(number))
    assert len(disk.calls) < 100


async def _append_to_disk(recorder: Recorder, name: str) -> None:
    await recorder.append(ALICE, opened(name), durability="disk")


async def test_files_and_folders_are_private(recorder: Recorder, folder: Path) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    modes = {path: mode for path, mode in files(folder).items() if path != recorder.writer}
    assert modes == {f"{recorder.writer}.lock": 0o600, f"{recorder.writer}/session-a.jsonl": 0o600}
    assert files(folder)[recorder.writer] == files(folder.parent)["records"] == 0o700


async def test_a_session_id_cannot_leave_the_folder(recorder: Recorder, folder: Path) -> None:
    await recorder.append(Identity("eve", "../../etc/passwd"), opened("1"), durability="kernel")
    (path,) = segments(folder)
    assert path.parent.parent == folder
    assert next(iter(read_events(path))).segment["session"] == "../../etc/passwd"


async def test_a_session_is_recorded_under_one_name_only(recorder: Recorder) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    with pytest.raises(RecordingUnavailable, match="another user"):
        await recorder.append(Identity("mallory", ALICE.session), opened("2"), durability="kernel")


async def test_descriptors_are_bounded_and_sessions_go_on_after_losing_theirs(
    recorders: MakeRecorder, folder: Path
) -> None:
    recorder = recorders(open_files=4)
    await recorder.start()
    before = len(os.listdir("/proc/self/fd"))
    for turn in range(3):
        for number in range(20):
            who = Identity("alice", f"session-{number}")
            await recorder.append(who, opened(f"{turn}"), durability="disk")
    assert len(os.listdir("/proc/self/fd")) - before <= 5
    assert [verdict.events for verdict in verdicts(folder).values()] == [4] * 20
    assert all(verdict.ok for verdict in verdicts(folder).values())


async def test_a_burst_of_sessions_before_the_disk_answers_loses_nothing(recorders: MakeRecorder, folder: Path) -> None:
    recorder = recorders(open_files=4)
    await recorder.start()
    for number in range(50):
        await recorder.append(Identity("alice", f"session-{number}"), opened("1"), durability="kernel")
    await recorder.flush()
    for number in range(50):
        await recorder.append(Identity("alice", f"session-{number}"), closed("1"), durability="disk")
    assert all(verdict.ok and verdict.events == 3 for verdict in verdicts(folder).values())


async def test_a_file_that_somebody_else_changed_is_not_written_again(recorders: MakeRecorder, folder: Path) -> None:
    recorder = recorders(open_files=1)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="disk")
    await recorder.append(BOB, opened("1"), durability="disk")
    (path,) = segments(folder, "session-a")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RecordingUnavailable):
        await recorder.append(ALICE, closed("1"), durability="disk")
    await recorder.append(ALICE, closed("1"), durability="disk")
    assert verdicts(folder)["session-a.1.jsonl"].ok
    assert not verdicts(folder)["session-a.jsonl"].ok


async def test_below_the_floor_nothing_is_opened_but_what_runs_is_closed(recorders: MakeRecorder) -> None:
    disk = Disk()
    recorder = recorders(system=disk, min_free_bytes=1000)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="kernel")
    disk.free, recorder._admitted_until = 999, 0.0
    with pytest.raises(RecordingUnavailable, match="nearly full") as caught:
        await recorder.append(ALICE, opened("2"), durability="kernel")
    assert "min_free_bytes" in caught.value.remedy
    await recorder.append(ALICE, closed("1"), durability="disk")
    assert "nearly full" in await recorder.check()
    disk.free = 1000
    assert await recorder.check() == ""
    await recorder.append(ALICE, opened("2"), durability="kernel")


async def test_free_space_is_asked_for_once_a_second_at_most(recorders: MakeRecorder) -> None:
    disk = Disk(only=frozenset({"statvfs"}))
    recorder = recorders(system=disk)
    await recorder.start()
    for number in range(100):
        await recorder.append(ALICE, opened(str(number)), durability="kernel")
    assert len(disk.calls) <= 2


async def test_a_disk_that_hangs_is_given_up(recorders: MakeRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.recording.recorder.DISK_SECONDS", 0.1)
    hanging = _HangingDisk()
    recorder = recorders(system=hanging)
    await recorder.start()
    with anyio.fail_after(5):
        with pytest.raises(RecordingUnavailable, match="does not answer"):
            await recorder.append(ALICE, opened("1"), durability="disk")
        monkeypatch.setattr("server.recording.recorder.DISK_SECONDS", 0.0)
        recorder._admitted_until = 0.0
        with pytest.raises(RecordingUnavailable, match="does not answer"):
            await recorder.append(ALICE, opened("2"), durability="kernel")
    hanging.released.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_without_its_flusher_nothing_is_opened(recorders: MakeRecorder, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    monkeypatch.setattr(disk, "fdatasync", lambda fd: 1 / 0)
    monkeypatch.setattr("server.recording.recorder.DISK_SECONDS", 0.1)
    recorder = recorders(system=disk)
    await recorder.start()
    with pytest.raises(RecordingUnavailable, match="does not answer"):
        await recorder.append(ALICE, opened("1"), durability="disk")
    recorder._admitted_until = 0.0
    with pytest.raises(RecordingUnavailable, match="does not answer"):
        await recorder.append(ALICE, opened("2"), durability="kernel")


class _HangingDisk(Disk):
    """Its sync does not return until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def fdatasync(self, fd: int, /) -> None:
        assert self.released.wait(10)
        super().fdatasync(fd)


async def test_after_a_failed_sync_the_session_goes_on_in_another_file(recorders: MakeRecorder, folder: Path) -> None:
    """The kernel may have dropped the pages and would call the next sync of that file a success."""
    disk = Disk(fails_at=2, only=frozenset({"fdatasync"}))
    recorder = recorders(system=disk)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="disk")
    with pytest.raises(RecordingUnavailable):
        await recorder.append(ALICE, opened("2"), durability="disk")
    await recorder.append(ALICE, closed("1"), durability="disk")
    assert sorted(verdicts(folder)) == ["session-a.1.jsonl", "session-a.jsonl"]
    assert [record.type for record in _records(folder, "session-a.1")] == ["session.opened/1", "operation.closed/1"]
    assert disk.calls == ["fdatasync"] * 3, "the failed file was not synced again"


async def test_a_full_disk_leaves_no_half_record(recorders: MakeRecorder, folder: Path) -> None:
    for short in (False, True):
        disk = Disk(fails_at=3, error=errno.ENOSPC, short=short, only=frozenset({"write"}))
        recorder = recorders(system=disk)
        await recorder.start()
        await recorder.append(ALICE, opened("1"), durability="kernel")
        with pytest.raises(RecordingUnavailable, match="full"):
            await recorder.append(ALICE, closed("1"), durability="kernel")
        await recorder.append(ALICE, closed("1"), durability="kernel")
        await recorder.close()
    assert [(verdict.ok, verdict.events) for verdict in verdicts(folder).values()] == [(True, 3)] * 1
    assert len(segments(folder)) == 2


async def test_the_index_knows_what_the_disk_has(recorder: Recorder, index: Store, folder: Path) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    receipt = await recorder.append(BOB, opened("1"), durability="kernel")
    await recorder.flush()
    alice, bob = await _rows(index)
    assert (alice.user, alice.agent, alice.session, alice.events) == ("alice", "Claude Code", "session-a", 2)
    assert (bob.user, bob.agent, bob.last_hash, bob.closed_at) == ("bob", "", receipt.hash, None)
    assert bob.path == segments(folder)[1].relative_to(folder).as_posix()


async def test_the_index_follows_by_itself(recorders: MakeRecorder, index: Store) -> None:
    recorder = recorders(index_seconds=0.02)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="kernel")

    async def indexed() -> bool:
        return [row.events for row in await _rows(index)] == [2]

    await until(indexed)


async def test_closing_closes_the_segments_and_leaves_no_lock(recorder: Recorder, index: Store, folder: Path) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    await recorder.append(ALICE, closed("1"), durability="kernel")
    await recorder.close()
    (row,) = await _rows(index)
    assert (row.events, row.closed_at) == (3, row.updated_at)
    assert set(files(folder)) == {recorder.writer, row.path}
    with pytest.raises(RecordingUnavailable, match="not running"):
        await recorder.append(ALICE, opened("2"), durability="kernel")


async def test_a_writer_that_recorded_nothing_leaves_nothing(recorder: Recorder, folder: Path) -> None:
    await recorder.close()
    assert files(folder) == {}


async def test_an_idle_session_gives_up_its_segment_unless_something_runs(
    recorders: MakeRecorder, index: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = recorders(index_seconds=0.02)
    await recorder.start()
    await recorder.append(ALICE, opened("1"), durability="kernel")
    await recorder.append(BOB, opened("1"), durability="kernel")
    await recorder.append(BOB, closed("1"), durability="kernel")
    monkeypatch.setattr("server.recording.recorder.IDLE_SECONDS", 0.0)

    async def one_closed() -> bool:
        return any(row.closed_at for row in await _rows(index))

    await until(one_closed)
    alice, bob = await _rows(index)
    assert (alice.closed_at, bob.closed_at is not None) == (None, True)
    await recorder.append(BOB, opened("2"), durability="disk")
    assert "session-b.1.jsonl" in verdicts(folder)


async def test_recording_goes_on_while_the_store_is_down(recorders: MakeRecorder, tmp_path: Path, folder: Path) -> None:
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/other/warded.db")
    recorder = recorders(store=store, index_seconds=0.01)
    await recorder.start()
    async with store.session() as session:
        await session.connection()
        for number in range(50):
            await recorder.append(ALICE, opened(str(number)), durability="disk")
            await recorder.append(ALICE, closed(str(number)), durability="disk")
            await asyncio.sleep(0.001)
    assert verdicts(folder)["session-a.jsonl"].events == 101

    async def caught_up() -> bool:
        return [row.events for row in await _rows(store)] == [101]

    await until(caught_up)
    await recorder.close()
    await store.close()


async def test_what_cannot_be_indexed_at_close_is_left_to_the_next_start(
    recorders: MakeRecorder, databases_down: Store, index: Store, folder: Path
) -> None:
    recorder = recorders(store=databases_down)
    recorder._store = index
    await recorder.start()
    recorder._store = databases_down
    await recorder.append(ALICE, opened("1"), durability="kernel")
    await recorder.append(ALICE, closed("1"), durability="kernel")
    await recorder.close()
    assert await _rows(index) == []
    after = await recorders().start()
    assert (after.writers, after.unknown, after.damaged) == (1, (), ())
    assert [row.events for row in await _rows(index)] == [3]


@pytest.fixture
async def databases_down(tmp_path: Path) -> Store:
    """A store whose file was replaced by a folder after it was opened."""
    store = await open_store(f"sqlite+aiosqlite:///{tmp_path}/down/warded.db")
    await store.close()
    for path in (tmp_path / "down").iterdir():
        path.unlink()
    (tmp_path / "down" / "warded.db").mkdir()
    return store


def read_back(event: Event) -> Event:
    """The event as JSON gives it back: what was a tuple is a list."""
    return from_dict(event.type, json.loads(json.dumps(to_dict(event))))


async def test_every_event_can_be_recorded(recorder: Recorder, folder: Path) -> None:
    events: list[Event] = [
        RequestDecided(request_id="r", decision="approved", user="bob", group="dba", comment="fine"),
        OutcomeUnknown(operation_id="1", segment="w/s.jsonl"),
        closed("1", "cancelled"),
    ]
    for event in events:
        await recorder.append(ALICE, event, durability="kernel")
    assert [event_of(record) for record in _records(folder)][1:] == [read_back(event) for event in events]
