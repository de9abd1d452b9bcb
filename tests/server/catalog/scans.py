"""Scans of columns that a test lists."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable

from backends.base import Chunk, ColumnSample, Health, Limits, Wanted
from backends.errors import UpstreamError
from policy.permit import Permit
from server.scanning import ScanSummary, scan_resource
from server.store.engine import Store
from tests.catalog.places import column

EMAILS = ("jane@example.com", "joe@example.org", "ann@example.net")


def sample(name: str, *values: str, type: str = "text") -> ColumnSample:
    return ColumnSample(column(name), type, values)


class Listed:
    """An upstream that has these columns; after `breaks_after` tables the connection is lost."""

    def __init__(self, columns: Iterable[ColumnSample], *, breaks_after: int | None = None) -> None:
        self.columns, self.breaks_after = tuple(columns), breaks_after
        self.looked_at: list[str] = []

    async def scan(self, *, sample: int, wanted: Wanted | None = None) -> AsyncGenerator[ColumnSample]:
        tables = list(dict.fromkeys(found.locator.path[:2] for found in self.columns))
        taken = [table for table in tables if wanted is None or wanted(*table)]
        for number, table in enumerate(taken):
            if number == self.breaks_after:
                raise UpstreamError("lost", "gone", "the target went away")
            self.looked_at.append(".".join(table))
            for found in self.columns:
                if found.locator.path[:2] == table:
                    yield found

    async def execute(self, permit: Permit, *, limits: Limits, label: str) -> AsyncGenerator[Chunk]:
        raise AssertionError("a scan executes nothing")
        yield

    async def check(self) -> list[Health]:
        return []

    async def close(self) -> None:
        return


async def scan(store: Store, *columns: ColumnSample, now: float = 1000.0) -> ScanSummary:
    return await scan_resource(store, "shop", Listed(columns), clock=lambda: now)
