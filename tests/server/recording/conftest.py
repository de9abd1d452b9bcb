"""A recorder on a store of SQLite: records rest on files, and the dialects differ in the index alone."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from server.recording.recorder import Recorder
from server.store.engine import Store, open_store
from tests.server.recording.records import counter
from tests.support.databases import sqlite_url

MakeRecorder = Callable[..., Recorder]


@pytest.fixture
async def index(tmp_path: Path, migrated_file: Path) -> AsyncIterator[Store]:
    """A store that holds the index of the records."""
    store = await open_store(sqlite_url(shutil.copy(migrated_file, tmp_path / "index.db")))
    yield store
    await store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "records"


@pytest.fixture
async def recorders(folder: Path, index: Store) -> AsyncIterator[MakeRecorder]:
    """Makes recorders of this folder, not yet started; closes what the test left open."""
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> Recorder:
            settings: dict[str, Any] = {"min_free_bytes": 0, "clock": counter(), "index_seconds": 3600.0}
            recorder = Recorder(folder, options.pop("store", index), **(settings | options))
            stack.push_async_callback(recorder.close)
            return recorder

        yield make


@pytest.fixture
async def recorder(recorders: MakeRecorder) -> Recorder:
    """A running recorder that writes its index only when told to."""
    recorder = recorders()
    await recorder.start()
    return recorder
