"""Rules follow their files, and a broken file changes nothing but the noise."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from policy.problems import PolicyDocumentError
from server.metrics import Metrics
from server.policies import PolicySource

PERMIT = '@id("{}")\n@reason("r")\npermit (principal, action, resource);\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.cedar").write_text(PERMIT.format("one"))
    return tmp_path


def rules(source: PolicySource) -> list[str]:
    return [rule.id for rule in source.current.document.policies]


async def settle(source: PolicySource) -> bool:
    """Two looks: a change counts when it has stopped changing."""
    return any([await source.poll(), await source.poll()])


@pytest.mark.anyio
async def test_a_changed_added_or_removed_file_comes_into_force(folder: Path) -> None:
    metrics = Metrics(version="1")
    source = PolicySource(folder, (), metrics=metrics)
    before = source.current
    assert not await settle(source)
    (folder / "b.cedar").write_text(PERMIT.format("two"))
    assert await settle(source)
    assert rules(source) == ["one", "two"]
    assert source.current is not before
    (folder / "a.cedar").unlink()
    assert await settle(source)
    assert rules(source) == ["two"]
    assert f'version="{source.current.version}"' in metrics.exposition().decode()


@pytest.mark.anyio
async def test_a_file_of_the_same_size_and_time_is_noticed(folder: Path) -> None:
    source = PolicySource(folder, ())
    path = folder / "a.cedar"
    state = path.stat()
    path.write_text(PERMIT.format("two"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert await settle(source)
    assert rules(source) == ["two"]


@pytest.mark.anyio
async def test_a_file_that_is_still_being_written_is_left_alone(folder: Path) -> None:
    source = PolicySource(folder, ())
    (folder / "b.cedar").write_text(PERMIT.format("two"))
    assert not await source.poll()
    (folder / "b.cedar").write_text(PERMIT.format("two") + PERMIT.format("three"))
    assert not await source.poll()
    assert rules(source) == ["one"]
    assert await source.poll()
    assert rules(source) == ["one", "two", "three"]


@pytest.mark.anyio
@pytest.mark.parametrize("text", ["permit (", 'permit (principal == Nobody::"x", action, resource);', "\udcff"])
async def test_a_broken_document_keeps_the_old_one_loudly(folder: Path, text: str) -> None:
    metrics = Metrics(version="1")
    source = PolicySource(folder, (), metrics=metrics)
    before = source.current
    (folder / "a.cedar").write_text(text, "utf-8", "surrogateescape")
    with capture_logs() as logs:
        assert not await settle(source)
    assert source.current is before
    assert "a.cedar" in source.problem
    assert await source.check() != ""
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert metrics.registry.get_sample_value("warded_policy_reload_failures_total") == 1
    assert not await settle(source), "the same broken file is not reported again"
    assert metrics.registry.get_sample_value("warded_policy_reload_failures_total") == 1
    (folder / "a.cedar").write_text(PERMIT.format("mended"))
    assert await settle(source)
    assert source.problem == ""
    assert await source.check() == ""


@pytest.mark.anyio
async def test_a_folder_that_vanishes_keeps_the_rules(folder: Path) -> None:
    source = PolicySource(folder, ())
    _move(folder)
    assert not await settle(source)
    assert rules(source) == ["one"]
    assert source.problem


def test_nothing_starts_on_broken_rules(folder: Path) -> None:
    (folder / "a.cedar").write_text("permit (")
    with pytest.raises(PolicyDocumentError):
        PolicySource(folder, ())


@pytest.mark.anyio
async def test_watching_finds_a_change_by_itself(folder: Path) -> None:
    source = PolicySource(folder, ())
    watch = asyncio.create_task(source.watch(every=0.01))
    (folder / "b.cedar").write_text(PERMIT.format("two"))
    async with asyncio.timeout(10):
        while rules(source) != ["one", "two"]:  # noqa: ASYNC110  # what is waited for is another task's doing
            await asyncio.sleep(0.01)
    watch.cancel()


def _move(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))
