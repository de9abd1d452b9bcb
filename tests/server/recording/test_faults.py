"""The disk fails at the n-th call, for n = 1, 2, ... until a run needs fewer calls: what was acknowledged is kept.

For each run: only RecordingUnavailable comes out; every event whose append returned is in a file, once and in order;
every file checks; and once the disk is well again the same sessions go on.
"""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.recording.chain import Record
from server.recording.recorder import Recorder, RecordingUnavailable
from server.recording.verify import verify_segment
from server.store.engine import Store
from tests.server.recording.records import ALICE, BOB, Disk, closed, counter, opened, segments, verdicts
from tests.support.require import require

pytestmark = pytest.mark.anyio
MOST_CALLS = 200


async def _work(recorder: Recorder, turn: str) -> list[str]:
    """Two sessions that share one descriptor; every other record waits for the disk. Returns what was acknowledged."""
    acknowledged = []
    for number in range(4):
        for who in (ALICE, BOB):
            name = f"{who.user}-{turn}-{number}"
            for event in (opened(name), closed(name)):
                try:
                    await recorder.append(who, event, durability="disk" if number % 2 else "kernel")
                except RecordingUnavailable:
                    continue
                acknowledged.append(f"{name} {event.type}")
    return acknowledged


def _written(folder: Path) -> list[str]:
    """Every valid record in the order of their times."""
    found: list[Record] = []
    for path in segments(folder):
        verify_segment(path, visit=found.append)
    in_order = sorted(found, key=lambda record: record.at)
    return [f"{record.event['operation_id']} {record.type}" for record in in_order if "operation_id" in record.event]


async def _run(folder: Path, index: Store, disk: Disk) -> tuple[bool, list[str]]:
    recorder = Recorder(folder, index, min_free_bytes=0, clock=counter(), open_files=1, system=disk)
    await recorder.start()
    acknowledged = await _work(recorder, "faulty")
    faulted, disk.fails_at = disk.faulted, 0
    healed = await _work(recorder, "healed")
    assert len(healed) == 16, "the disk is well again, and so is the recorder"
    await recorder.close()
    return faulted, acknowledged + healed


@pytest.mark.parametrize("broken", [False, True], ids=["once", "until-healed"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
async def test_a_fault_at_any_call_loses_nothing_that_was_acknowledged(
    tmp_path: Path, index: Store, error: int, broken: bool
) -> None:
    for n in range(1, MOST_CALLS):
        disk = Disk(fails_at=n, error=error, broken=broken, short=bool(n % 2))
        faulted, acknowledged = await _run(tmp_path / str(n), index, disk)
        written = _written(tmp_path / str(n))
        assert [each for each in written if each in acknowledged] == acknowledged, n
        for name, verdict in verdicts(tmp_path / str(n)).items():
            assert verdict.ok or (broken and verdict.torn), f"call {n}: {name}"
        if not faulted:
            return
    pytest.fail("the run did not get past its faults")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 256 kB, which takes root to mount."""
    place = tmp_path / "tiny"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    require(mounted, "The right to mount a tmpfs", install="run the tests as root")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


async def _fill(recorder: Recorder) -> None:
    for number in range(10_000):
        recorder._admitted_until = 0.0  # ask for the free space each time, not once a second
        await recorder.append(ALICE, opened(str(number), text="x" * 1000), durability="disk")


async def test_a_disk_that_really_fills_up_refuses_and_recovers(tiny_disk: Path, index: Store) -> None:
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 16_384)
    recorder = Recorder(tiny_disk / "records", index, min_free_bytes=0)
    await recorder.start()

    with pytest.raises(RecordingUnavailable, match="is full"):
        await _fill(recorder)
    (verdict,) = verdicts(tiny_disk / "records").values()
    assert verdict.ok
    assert 100 < verdict.events < 260
    ballast.unlink()
    await recorder.append(ALICE, closed("0"), durability="disk")
    await recorder.close()


async def test_the_floor_refuses_long_before_the_disk_is_full(tiny_disk: Path, index: Store) -> None:
    recorder = Recorder(tiny_disk / "records", index, min_free_bytes=128 * 1024)
    await recorder.start()
    with pytest.raises(RecordingUnavailable, match="nearly full"):
        await _fill(recorder)
    await recorder.append(ALICE, closed("0"), durability="disk")
    await recorder.close()
