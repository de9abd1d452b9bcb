"""An audit of a folder: each segment against the index, and files the index does not know."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.recording.audit import audit
from server.recording.recorder import Recorder
from server.store.engine import Store
from tests.server.recording.conftest import MakeRecorder
from tests.server.recording.records import ALICE, BOB, closed, opened, segments

pytestmark = pytest.mark.anyio


async def _problems(index: Store, folder: Path, session: str = "") -> dict[str, str]:
    return {each.segment.split("/")[1]: each.verdict.problem async for each in audit(index, folder, session=session)}


@pytest.fixture
async def ended(recorder: Recorder, folder: Path) -> Path:
    """Records of two sessions by a writer that ended well."""
    for number in range(3):
        for who in (ALICE, BOB):
            await recorder.append(who, opened(f"{who.user}-{number}"), durability="kernel")
            await recorder.append(who, closed(f"{who.user}-{number}"), durability="kernel")
    await recorder.close()
    return folder


async def test_an_untouched_folder_is_whole(ended: Path, index: Store) -> None:
    assert await _problems(index, ended) == {"session-a.jsonl": "", "session-b.jsonl": ""}
    found = [each async for each in audit(index, ended, session="session-b")]
    assert [(each.user, each.session, each.verdict.events) for each in found] == [("bob", "session-b", 7)]


async def test_a_cut_tail_is_named(ended: Path, index: Store) -> None:
    path = segments(ended)[0]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    problems = await _problems(index, ended)
    assert "record 6 is missing" in problems["session-a.jsonl"]
    assert problems["session-b.jsonl"] == ""


async def test_files_that_changed_places_are_named(ended: Path, index: Store) -> None:
    a, b = segments(ended)
    content = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(content)
    assert all("not the one that the index knows" in problem for problem in (await _problems(index, ended)).values())


async def test_a_deleted_file_is_named(ended: Path, index: Store) -> None:
    segments(ended)[0].unlink()
    assert "cannot be read" in (await _problems(index, ended))["session-a.jsonl"]


async def test_a_file_that_was_put_there_is_named(ended: Path, index: Store) -> None:
    path = segments(ended)[0]
    shutil.copy(path, path.with_name("extra.jsonl"))
    assert "does not know" in (await _problems(index, ended))["extra.jsonl"]


async def test_a_file_that_a_crash_left_empty_is_no_problem(ended: Path, index: Store) -> None:
    segments(ended)[0].with_name("session-c.jsonl").touch()
    assert set((await _problems(index, ended)).values()) == {""}


async def test_records_being_written_now_are_no_problem(recorder: Recorder, index: Store, folder: Path) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    await recorder.flush()
    await recorder.append(ALICE, closed("1"), durability="kernel")
    await recorder.append(BOB, opened("2"), durability="kernel")
    path = segments(folder)[0]
    with path.open("ab") as file:
        file.write(b'{"at":')  # as seen in the middle of a write
    assert await _problems(index, folder) == {"session-a.jsonl": "", "session-b.jsonl": ""}


async def test_a_torn_record_of_a_dead_writer_is_named(
    recorder: Recorder, recorders: MakeRecorder, index: Store, folder: Path
) -> None:
    await recorder.append(ALICE, opened("1"), durability="kernel")
    await recorder.close()
    with segments(folder)[0].open("ab") as file:
        file.write(b'{"at":')
    assert "torn" in (await _problems(index, folder))["session-a.jsonl"]
