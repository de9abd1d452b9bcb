"""Keeps the labels of every resource fresh: from the store at start, by scans when columns are new, and daily.

Until a column has been scanned it is masked, so a scan that fails or is late
costs visibility, never secrecy.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from backends.errors import UpstreamError
from catalog.model import Resource
from server.scanning import load_labels, scan_resource
from server.store.engine import Store, StoreUnavailable
from server.upstreams import NOTHING_KNOWN, LabelBook, Upstreams

log = structlog.get_logger("warded.catalog")

SCAN_SECONDS = 24 * 3600.0
RETRY_SECONDS = 60.0


class CatalogKeeper:
    """One background task; `wake(resource)` asks for a scan soon, at most once a minute for each resource."""

    def __init__(
        self,
        *,
        store: Store,
        resources: Mapping[str, Resource],
        upstreams: Upstreams,
        clock: Callable[[], float],
    ) -> None:
        self.store, self.resources, self.upstreams, self.clock = store, resources, upstreams, clock
        self.labels = LabelBook(on_unscanned=self.wake)
        self._due: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._woken = asyncio.Event()

    async def load(self) -> None:
        """Labels that earlier scans found. A resource without any is due at once."""
        now = time.monotonic()
        for name in self.resources:
            labels = await load_labels(self.store, name)
            known = labels.version != NOTHING_KNOWN.version
            if known:
                self.labels.replace(name, labels)
            self._due[name] = now + SCAN_SECONDS if known else now

    def wake(self, resource: str) -> None:
        """A column turned up that no scan has seen."""
        self._due[resource] = max(time.monotonic(), self._tried.get(resource, -RETRY_SECONDS) + RETRY_SECONDS)
        self._woken.set()

    async def run(self) -> None:
        """Scan what is due, for ever. One resource at a time, so that targets are not pressed."""
        while True:
            self._woken.clear()
            now = time.monotonic()
            for name in [name for name, due in self._due.items() if due <= now]:
                await self.scan(name)
            pause = min(self._due.values(), default=now + SCAN_SECONDS) - time.monotonic()
            await _wait(self._woken, max(0.05, min(pause, RETRY_SECONDS)))

    async def scan(self, name: str) -> bool:
        """Scan one resource now. False, and a retry in a minute, when target or store are not to be had."""
        self._tried[name] = time.monotonic()
        self._due[name] = self._tried[name] + SCAN_SECONDS
        try:
            upstream = self.upstreams.get(self.resources[name])
            summary = await scan_resource(self.store, name, upstream, clock=self.clock)
            self.labels.replace(name, await load_labels(self.store, name))
        except (UpstreamError, StoreUnavailable) as error:
            self._due[name] = time.monotonic() + RETRY_SECONDS
            log.warning("scan failed", resource=name, problem=str(error))
            return False
        log.info("scan done", resource=name, columns=summary.columns, labelled=summary.labelled)
        return True


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
