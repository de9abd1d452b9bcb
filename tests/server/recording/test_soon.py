"""Ends of operations that wait for the next record of their session."""

from __future__ import annotations

import asyncio

import pytest

from policy.model import Identity
from server.recording.chain import decode
from server.recording.recorder import SOON_SECONDS, Recorder, RecordingUnavailable
from tests.server.recording.conftest import MakeRecorder

pytestmark = pytest.mark.anyio

WHO = Identity("ana", "s1")
OPENED = {"door": "d", "verb": "v", "resource": "r", "login": "l", "text": "t", "digest": "0", "policy_version": "p",
          "decision": "allow"}  # fmt: skip


def kinds(recorder: Recorder) -> list[tuple[str, str]]:
    """Type and operation of every record, the chain being checked on the way."""
    found, before = [], "0" * 64
    (path,) = (recorder.folder / recorder.writer).glob("*.jsonl")
    for seq, line in enumerate(path.read_bytes().splitlines(keepends=True)):
        record = decode(line, seq=seq, prev=before)
        before = record.hash
        found.append((record.type, str(record.event.get("operation_id", ""))))
    return found


@pytest.fixture
async def recorder(recorders: MakeRecorder) -> Recorder:
    found = recorders()
    await found.start()
    return found


async def test_an_end_is_written_in_order_before_the_next_opening(recorder: Recorder) -> None:
    recorder.open_now(WHO, {**OPENED, "operation_id": "a"})
    assert kinds(recorder)[-1] == ("operation.opened/1", "a")
    recorder.close_soon(WHO, {"operation_id": "a", "outcome": "ok"})
    assert kinds(recorder)[-1] == ("operation.opened/1", "a")
    recorder.open_now(WHO, {**OPENED, "operation_id": "b"})
    assert kinds(recorder)[-2:] == [("operation.closed/1", "a"), ("operation.opened/1", "b")]


async def test_an_end_that_nothing_follows_is_written_all_the_same(recorder: Recorder) -> None:
    recorder.open_now(WHO, {**OPENED, "operation_id": "a"})
    recorder.close_soon(WHO, {"operation_id": "a", "outcome": "ok"})
    await asyncio.sleep(2 * SOON_SECONDS)
    await recorder.flush()
    assert kinds(recorder)[-1] == ("operation.closed/1", "a")


async def test_what_waits_is_written_when_the_recorder_closes(recorder: Recorder) -> None:
    recorder.open_now(WHO, {**OPENED, "operation_id": "a"})
    recorder.close_soon(WHO, {"operation_id": "a", "outcome": "ok"})
    await recorder.close()
    assert kinds(recorder)[-1] == ("operation.closed/1", "a")


async def test_an_end_that_could_not_be_written_goes_with_the_next_record(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder.open_now(WHO, {**OPENED, "operation_id": "a"})
    recorder.close_soon(WHO, {"operation_id": "a", "outcome": "ok"})
    file = recorder._segments["s1"].file

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def write(self, fd: int, data: bytes, /) -> int:
            raise OSError(28, "full")

    real = file.system
    with monkeypatch.context() as patched:
        patched.setattr(file, "system", Full())
        with pytest.raises(RecordingUnavailable):
            recorder.open_now(WHO, {**OPENED, "operation_id": "b"})
    recorder.open_now(WHO, {**OPENED, "operation_id": "c"})
    assert kinds(recorder)[-2:] == [("operation.closed/1", "a"), ("operation.opened/1", "c")]
