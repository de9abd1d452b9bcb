"""Keeps the labels of every resource fresh: from the store at start, by scans, by what passes, by what others change.

Until a column has been scanned it is masked, so a scan that fails or is late
costs visibility, never secrecy.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping

import structlog

from backends.errors import UpstreamError
from catalog.model import Resource
from server.catalog.findings import Findings
from server.catalog.flows import Aftermath, Flows
from server.catalog.loading import load_labels, load_versions
from server.catalog.places import ITSELF, Change, Table
from server.catalog.progress import finished_at
from server.catalog.readings import Readings
from server.metrics import Metrics
from server.recording.events import CatalogChanged
from server.recording.recorder import Recorder, RecordingUnavailable
from server.scanning import scan_resource
from server.store.engine import Store, StoreUnavailable
from server.upstreams import LabelBook, Upstreams

log = structlog.get_logger("warded.catalog")

SCAN_SECONDS = 24 * 3600.0
RETRY_SECONDS = 60.0
TEND_SECONDS = 2.0


class CatalogKeeper:
    """Two background tasks: `run` scans, `tend` writes what answers left behind and takes over what other processes
    changed. `wake(resource)` asks for a scan soon, at most once a minute for each resource; `wake_tables` for a quick
    look at some tables, at once."""

    def __init__(
        self,
        *,
        store: Store,
        resources: Mapping[str, Resource],
        upstreams: Upstreams,
        clock: Callable[[], float],
        metrics: Metrics | None = None,
        recorder: Recorder | None = None,
        scan_seconds: float = SCAN_SECONDS,
        sample: int = 200,
    ) -> None:
        self.store, self.resources, self.upstreams, self.clock = store, resources, upstreams, clock
        self.metrics, self.recorder = metrics, recorder
        self.scan_seconds, self.sample = scan_seconds, sample
        self.labels = LabelBook(on_unscanned=self.wake)
        self.findings = Findings(store, clock=clock, wake=self._tend_now)
        self.readings = Readings(store, clock=clock)
        aftermath = Aftermath(self.announce, self.refresh, self.wake_tables)
        self.flows = Flows(store, self.labels, aftermath, clock=clock)
        self._due: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._tables: dict[str, set[Table]] = {}
        self._versions: dict[str, int] = {}
        self._first: set[str] = set()  # under their first scan: masked wholly until it is done
        self._settling = asyncio.Lock()
        self._woken, self._tended = asyncio.Event(), asyncio.Event()

    async def load(self) -> None:
        """Labels that earlier scans found. A resource without any is due at once."""
        now = time.monotonic()
        self._versions = await load_versions(self.store)
        for name in self.resources:
            labels = await load_labels(self.store, name)
            if not labels.is_empty():
                self.labels.replace(name, labels)
            ended = None if labels.is_empty() else await finished_at(self.store, name)
            age = self.scan_seconds if ended is None else self.clock() - ended
            self._due[name] = now + max(0.0, self.scan_seconds - age)
        self._count_blind()

    def wake(self, resource: str) -> None:
        """A column turned up that no scan has seen."""
        soon = max(time.monotonic(), self._tried.get(resource, -RETRY_SECONDS) + RETRY_SECONDS)
        self._due[resource] = min(soon, self._due.get(resource, soon))
        self._woken.set()

    def wake_tables(self, resource: str, tables: Iterable[Table]) -> None:
        """These were made or altered: they are masked until this look at them is done."""
        self._tables.setdefault(resource, set()).update(tables)
        self._woken.set()

    async def run(self) -> None:
        """Scan what is due, for ever. One resource at a time, so that targets are not pressed."""
        while True:
            self._woken.clear()
            for name in list(self._tables):
                await self.scan(name, tables=frozenset(self._tables.pop(name)))
            now = time.monotonic()
            for name in [name for name, due in self._due.items() if due <= now]:
                await self.scan(name)
            pause = min(self._due.values(), default=now + SCAN_SECONDS) - time.monotonic()
            await _wait(self._woken, max(0.05, min(pause, RETRY_SECONDS)))

    async def tend(self) -> None:
        """Write findings and readings, load what changed, for ever."""
        while True:
            await _wait(self._tended, TEND_SECONDS)
            self._tended.clear()
            await self.settle()

    async def settle(self) -> None:
        """One round of `tend`; on return all that waited when it began is written. What the store refuses is kept."""
        async with self._settling:
            try:
                if self.findings.waiting:
                    await self.announce(await self.findings.flush())
                if self.readings.waiting:
                    await self.readings.flush()
                await self.refresh()
            except StoreUnavailable as error:
                log.warning("catalog not written", problem=str(error))

    async def refresh(self) -> None:
        """Take over labels that changed, here or in another process. Raises StoreUnavailable."""
        versions = await load_versions(self.store)
        changed = [name for name in self.resources if versions.get(name, 0) != self._versions.get(name, 0)]
        changed = [name for name in changed if name not in self._first]
        for name in changed:
            self.labels.replace(name, await load_labels(self.store, name))
            self._versions[name] = versions.get(name, 0)
        if changed:
            self._count_blind()

    async def scan(self, name: str, *, tables: frozenset[Table] | None = None) -> bool:
        """Scan one resource (or some of its tables) now. False, and a retry in a minute, when target or store are not
        to be had."""
        self._tried[name] = time.monotonic()
        try:
            if tables is None and await self._scanned_elsewhere(name):
                return True
            upstream = self.upstreams.get(self.resources[name])
            self._first |= set() if self.labels.has(name) else {name}
            summary = await scan_resource(
                self.store, name, upstream, sample=self.sample, tables=tables, resume=True, clock=self.clock
            )
            if tables is None:
                self._due[name] = self._tried[name] + self.scan_seconds
            self._first.discard(name)
            await self.announce(summary.changes)
            await self.refresh()
            if not self.labels.has(name):  # nothing there to scan: all of it stays masked
                self.labels.replace(name, await load_labels(self.store, name))
        except (UpstreamError, StoreUnavailable) as error:
            self._due[name] = time.monotonic() + RETRY_SECONDS
            log.warning("scan failed", resource=name, problem=str(error))
            return False
        self._tell(name, summary.columns, labelled=summary.labelled, whole=tables is None)
        return True

    async def announce(self, changes: Iterable[Change]) -> None:
        """Log, count and record what is new. A record that cannot be written does not undo the mask."""
        for change in changes:
            write = log.info if change.what in ("vanished", "cleared") else log.warning
            write("catalog changed", resource=change.resource, place=change.place, what=change.what, label=change.after)
            if self.metrics is not None:
                self.metrics.catalog_changes.labels(change.what).inc()
            if self.recorder is not None:
                event = CatalogChanged(
                    resource=change.resource, place=change.place, what=change.what, before=change.before,
                    after=change.after, why=change.detector,
                )  # fmt: skip
                try:
                    await self.recorder.append(ITSELF, event, durability="kernel")
                except RecordingUnavailable as error:
                    log.error("catalog change not recorded", problem=str(error))

    async def check(self) -> str:
        """For the readiness probe: "" or which resources are masked blindly, or not at all."""
        unscanned, clear = self._blind()
        words = [f"{name} was never scanned, so all of it is masked" for name in unscanned]
        words += [f"the scan of {name} found nothing to mask" for name in clear]
        return "; ".join(words)

    async def _scanned_elsewhere(self, name: str) -> bool:
        """Another process that shares the store has just scanned it, and nothing here says that it must be again."""
        ended = await finished_at(self.store, name)
        if ended is None or self.clock() - ended >= RETRY_SECONDS / 2 or not self.labels.has(name):
            return False
        self._due[name] = time.monotonic() + self.scan_seconds
        await self.refresh()
        return True

    def _blind(self) -> tuple[list[str], list[str]]:
        known = {name: self.labels.get(name) for name in self.resources}
        unscanned = [name for name, labels in known.items() if labels.is_empty()]
        return unscanned, [name for name, labels in known.items() if not labels.is_empty() and labels.is_clear()]

    def _count_blind(self) -> None:
        if self.metrics is not None:
            unscanned, clear = self._blind()
            self.metrics.blind_resources.labels("unscanned").set(len(unscanned))
            self.metrics.blind_resources.labels("nothing labelled").set(len(clear))

    def _tell(self, name: str, columns: int, *, labelled: int, whole: bool) -> None:
        log.info("scan done" if whole else "tables scanned", resource=name, columns=columns, labelled=labelled)
        if whole and not labelled:
            log.warning("nothing is masked here: no column looks sensitive", resource=name, columns=columns)

    def _tend_now(self) -> None:
        self._tended.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
