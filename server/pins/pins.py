"""Which definitions may be used, answered from memory; what is new is kept, recorded and told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from policy.model import Identity
from server.metrics import Metrics
from server.pins.keeping import Sighting, keep, unusable
from server.pins.loading import Known, load_known, load_versions, waiting
from server.pins.states import PENDING, Change, Doubt, Rules, Said
from server.recording.events import DefinitionChanged
from server.recording.recorder import Recorder, RecordingUnavailable
from server.store.engine import Store, StoreUnavailable

log = structlog.get_logger("warded.mcp")

ITSELF = Identity("warded", "pins")
"""In whose name is recorded what was found."""
LOOK_SECONDS = 2.0
TOUCH_SECONDS = 3600.0
FLOOD_SECONDS = 60.0
"""How long a server that says more than is kept is not listened to."""
MOST_PLAIN = 20_000
NOTHING = Known()


@dataclass(slots=True)
class _Server:
    """What this process remembers of one server. `plain` are digests of single resources, which are too many to keep:
    they may be used unless something about them is suspicious."""

    known: Known = NOTHING
    plain: set[str] = field(default_factory=set)
    unusable: set[str] = field(default_factory=set)
    touched: float = float("-inf")
    flooded: float = float("-inf")


class Pins:
    """Give one to whoever lists or calls tools of MCP servers. `run` takes over what other processes decided."""

    def __init__(
        self,
        store: Store,
        *,
        rules: Rules,
        clock: Callable[[], float],
        recorder: Recorder | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.store, self.rules, self.clock, self.recorder, self.metrics = store, rules, clock, recorder, metrics
        self._servers: dict[str, _Server] = {}
        self._versions: Mapping[str, int] = {}
        self._noting, self._refreshing = asyncio.Lock(), asyncio.Lock()

    def accepted(self, resource: str, definition: Said) -> bool:
        """Whether this very definition may be listed and called now. A few lookups, no I/O."""
        server = self._servers.get(resource)
        if server is None or server.known.disabled:
            return False
        return definition.digest in server.known.accepted or definition.digest in server.plain

    def disabled(self, resource: str) -> bool:
        """Whether people switched the whole server off."""
        server = self._servers.get(resource)
        return server is not None and server.known.disabled

    async def note(self, resource: str, definitions: Iterable[Said]) -> None:
        """Tell what a server shows now, all of it at once. Costs nothing when all of it is known. What cannot be kept
        or recorded is not accepted. Raises StoreUnavailable."""
        server, shown = self._servers.setdefault(resource, _Server()), list(definitions)
        if not self._is_news(server, shown):
            return
        try:
            async with self._noting:
                await self._keep(resource, server, shown)
        except RecordingUnavailable as error:
            raise StoreUnavailable(str(error), error.remedy) from error

    async def refresh(self) -> None:
        """Take over what was found or decided, here or in another process. Raises StoreUnavailable."""
        async with self._refreshing:  # two at once could put an older state over a newer one
            versions = await load_versions(self.store)
            if versions == self._versions:
                return
            for resource, version in versions.items():
                if self._versions.get(resource) != version:
                    server = self._servers.setdefault(resource, _Server())
                    server.known = await load_known(self.store, resource)
            self._versions = versions
            if self.metrics is not None:
                self.metrics.definitions_waiting.set(await waiting(self.store))

    async def run(self) -> None:
        """Refresh, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.refresh()
            except StoreUnavailable as error:
                log.warning("definitions not read", problem=str(error))

    async def check(self) -> str:
        """For the readiness probe: "" or how much waits for a review."""
        count = await waiting(self.store)
        return f"{count} definitions of MCP servers wait for a review" if count else ""

    def _is_news(self, server: _Server, shown: Sequence[Said]) -> bool:
        now = time.monotonic()
        if now < server.flooded:
            return False
        return now > server.touched + TOUCH_SECONDS or any(not self._knows(server, each) for each in shown)

    def _knows(self, server: _Server, definition: Said) -> bool:
        digest = definition.digest
        return digest in server.known.digests or digest in server.plain or digest in server.unusable

    async def _keep(self, resource: str, server: _Server, shown: Sequence[Said]) -> None:
        await self.refresh()
        fresh = await asyncio.to_thread(self._looked_at, resource, server, shown)
        seen = Sighting(resource, fresh, {each.digest for each in shown}, self.clock())
        changes, full = await keep(self.store, seen, self.rules, record=self.record)
        server.touched = time.monotonic()
        if full:
            server.flooded = server.touched + FLOOD_SECONDS
            log.warning("server changes too often or says too much", resource=resource)
        await self.refresh()
        for change in changes:
            self.tell(change)

    def _looked_at(self, resource: str, server: _Server, shown: Sequence[Said]) -> list[tuple[Said, Sequence[Doubt]]]:
        """What is new and can be kept, with its suspicions. On a thread of its own, for hostile servers' sake."""
        others = {name: each.known.tools for name, each in self._servers.items() if name != resource}
        found: list[tuple[Said, Sequence[Doubt]]] = []
        for definition in shown:
            if self._knows(server, definition):
                continue
            if problem := unusable(definition):
                if len(server.unusable) < MOST_PLAIN:
                    server.unusable.add(definition.digest)
                log.warning("definition refused", resource=resource, kind=definition.kind, problem=problem)
                continue
            doubts = definition.suspicions(others)
            if definition.kind != "resource" or doubts:
                found.append((definition, doubts))
            elif len(server.plain) < MOST_PLAIN:
                server.plain.add(definition.digest)
        return found

    async def record(self, change: Change, identity: Identity = ITSELF) -> None:
        """Write a change into the record. Raises RecordingUnavailable."""
        if self.recorder is None:
            return
        kind, name = change.key
        event = DefinitionChanged(
            resource=change.resource, kind=kind, name=name, what=change.what, state=change.state,
            digest=change.digest, before=change.before, by=change.by, why=change.why, suspicions=list(change.codes),
        )  # fmt: skip
        await self.recorder.append(identity, event, durability="disk" if change.by else "kernel")

    def tell(self, change: Change) -> None:
        """Log and count it."""
        write = log.warning if change.state == PENDING else log.info
        kind, name = change.key
        write("definition " + change.what, resource=change.resource, kind=kind, name=name, state=change.state,
              digest=change.digest, suspicions=list(change.codes))  # fmt: skip
        if self.metrics is not None:
            self.metrics.definition_changes.labels(change.what).inc()
