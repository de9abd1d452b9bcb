"""The policy in force: loaded at the start, replaced when its files change, never replaced by a broken one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from policy.document import load_document, rule_files
from policy.engine import Engine
from policy.narrowing import PackChoice
from policy.problems import PolicyDocumentError
from server.metrics import Metrics

POLL_SECONDS = 1.0

log = structlog.get_logger("warded.policy")

Fingerprint = tuple[tuple[str, int, int, int, int], ...]


class PolicySource:
    """Holds the current Engine. The constructor raises PolicyDocumentError: without rules nothing starts.

    A change is loaded when two polls in a row saw the same files, so that a file which
    is being written does not count as the new policy (half of it may well be valid).
    """

    def __init__(
        self,
        folder: Path | None,
        packs: Sequence[str | PackChoice],
        *,
        approval_expiry: float = 3600.0,
        time_zone: str = "UTC",
        metrics: Metrics | None = None,
    ) -> None:
        self.folder, self.packs, self.approval_expiry, self._metrics = folder, tuple(packs), approval_expiry, metrics
        self.time_zone = time_zone
        self.problem = ""
        """What is wrong with the newest files, "" when they are in force."""
        self._loaded = self._seen = _fingerprint(folder)
        self._engine = self._load()
        self._announce()

    @property
    def current(self) -> Engine:
        return self._engine

    async def check(self) -> str:
        """For /readyz, which anybody may read: one sentence without names of rules, "" when all is well."""
        return "The newest policy files do not load; the last good ones stay in force." if self.problem else ""

    async def watch(self, *, every: float = POLL_SECONDS) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.poll()

    async def poll(self) -> bool:
        """Look at the files once, off the loop (file systems may hang). True when a new document came into force."""
        now = await asyncio.to_thread(_fingerprint, self.folder)
        settled, self._seen = now == self._seen, now
        if now == self._loaded or not settled:
            return False
        self._loaded = now
        return await self._replace()

    async def _replace(self) -> bool:
        try:
            engine = await asyncio.to_thread(self._load)
        except PolicyDocumentError as error:
            self._refuse(str(error))
            return False
        except OSError as error:
            self._refuse(f"The policy folder cannot be read: {error.strerror}.")
            return False
        before, self._engine, self.problem = self._engine.version, engine, ""
        if engine.version != before:
            log.info("policy replaced", before=before, now=engine.version)
            self._announce()
        return engine.version != before

    def _load(self) -> Engine:
        return Engine(
            load_document(self.folder, self.packs, time_zone=self.time_zone), approval_expiry=self.approval_expiry
        )

    def _refuse(self, problem: str) -> None:
        self.problem = problem
        log.error("policy refused; the old one stays in force", problem=problem, in_force=self._engine.version)
        if self._metrics:
            self._metrics.policy_reload_failures.inc()

    def _announce(self) -> None:
        if self._metrics:
            self._metrics.set_policy(self._engine.version)


def _fingerprint(folder: Path | None) -> Fingerprint:
    """What changes whenever a file changes; ctime tells of a rewrite that kept mtime and size."""
    return tuple(sorted(_states(folder))) if folder else ()


def _states(folder: Path) -> Iterator[tuple[str, int, int, int, int]]:
    for path in rule_files(folder):
        try:
            state = path.stat()
        except OSError:  # vanished since it was listed, or not ours to see: that is a change, too
            yield (str(path), 0, 0, 0, 0)
        else:
            yield (str(path), state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino)
