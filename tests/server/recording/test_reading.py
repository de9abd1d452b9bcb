"""Reading records back, on both stores: the index pages, the files tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.model import Identity
from server.recording.chain import BadRecord, Record
from server.recording.reading import list_sessions, read_events, read_session, segments_of
from server.recording.recorder import Recorder
from server.store.engine import Store
from tests.server.recording.records import ALICE, counter, opened, segments

pytestmark = pytest.mark.anyio


async def _record(folder: Path, store: Store, names: list[str]) -> None:
    recorder = Recorder(folder, store, min_free_bytes=0, clock=counter())
    await recorder.start()
    for name in names:
        user = "alice" if int(name) % 2 else "bob"
        await recorder.append(Identity(user, f"session-{name}"), opened(name), durability="kernel")
    await recorder.close()


async def test_sessions_come_newest_first_page_by_page(store: Store, folder: Path) -> None:
    await _record(folder, store, [str(number) for number in range(7)])
    seen, before = [], None
    while page := await list_sessions(store, limit=3, before=before):
        assert len(page) <= 3
        seen += [summary.session for summary in page]
        before = (page[-1].opened_at, page[-1].session)
    assert seen == [f"session-{number}" for number in (6, 5, 4, 3, 2, 1, 0)]


async def test_sessions_of_one_person_can_be_asked_for(store: Store, folder: Path) -> None:
    await _record(folder, store, ["1", "2", "3"])
    found = await list_sessions(store, user="alice")
    assert [(each.user, each.session, each.events, each.segments) for each in found] == [
        ("alice", "session-3", 2, 1),
        ("alice", "session-1", 2, 1),
    ]


async def test_a_session_written_by_two_processes_reads_as_one(store: Store, folder: Path) -> None:
    clock = counter()
    writers = [Recorder(folder, store, min_free_bytes=0, clock=clock) for _ in range(2)]
    for recorder in writers:
        await recorder.start()
    for number in range(6):
        await writers[number % 2].append(ALICE, opened(str(number)), durability="kernel")
    for recorder in writers:
        await recorder.close()
    (summary,) = await list_sessions(store)
    assert (summary.segments, summary.events) == (2, 8)
    records = list(read_session(folder, await segments_of(store, ALICE.session)))
    assert [record.event["operation_id"] for record in records if record.type == "operation.opened/1"] == list("012345")


async def test_a_record_that_was_changed_is_never_shown(store: Store, folder: Path) -> None:
    await _record(folder, store, ["1"])
    (path,) = segments(folder)
    path.write_bytes(path.read_bytes().replace(b"customers", b"cystomers"))
    shown: list[Record] = []
    with pytest.raises(BadRecord):
        shown.extend(read_events(path))
    assert [record.seq for record in shown] == [0]


async def test_writing_rows_twice_or_late_never_lowers_the_index(store: Store, folder: Path) -> None:
    from server.recording.index import write_rows

    row = {
        "session": "s",
        "writer": "w",
        "path": "w/s.jsonl",
        "user": "alice",
        "agent": "",
        "events": 5,
        "last_hash": "a" * 64,
        "opened_at": 1.0,
        "updated_at": 2.0,
        "closed_at": None,
    }
    await write_rows(store, [row, row | {"session": "t"}])
    await write_rows(store, [row | {"events": 3, "last_hash": "b" * 64}])
    (found,) = await segments_of(store, "s")
    assert (found.events, found.last_hash) == (5, "a" * 64)
    await write_rows(store, [row | {"events": 6, "last_hash": "c" * 64, "closed_at": 3.0}])
    (found,) = await segments_of(store, "s")
    assert (found.events, found.last_hash, found.closed_at) == (6, "c" * 64, 3.0)
