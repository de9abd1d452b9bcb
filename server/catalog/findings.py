"""What the net found while answers passed, waiting to be written into the catalog. Bounded; no value is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from catalog.model import Label, Locator
from catalog.system import is_system
from server.catalog.places import Change, Path, Verdict, path_of
from server.catalog.saving import mark_pending, note_evidence
from server.store.engine import Store

ROOM = 4096


@dataclass(slots=True)
class _Found:
    certain: bool
    hits: int
    detector: str


class Findings:
    """`certain` findings hide their column from everybody until it is reviewed; the others are evidence."""

    def __init__(self, store: Store, *, clock: Callable[[], float], wake: Callable[[], None] = lambda: None) -> None:
        self._store, self._clock, self._wake = store, clock, wake
        self._waiting: dict[tuple[str, Path, Label], _Found] = {}

    def note(self, resource: str, origin: Locator, label: Label, *, detector: str, certain: bool) -> None:
        """Costs a dictionary entry; a full queue keeps what is certain and forgets hints."""
        path = path_of(origin)
        if is_system(path[0], path[1]):
            return
        found = self._waiting.get((resource, path, label))
        if found is None:
            if len(self._waiting) >= ROOM and not certain:
                return
            found = self._waiting[resource, path, label] = _Found(False, 0, detector)
        found.hits += 1
        if certain and not found.certain:
            found.certain = True
            self._wake()

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)

    async def flush(self) -> list[Change]:
        """Write what waits; what the store refuses waits on. Raises StoreUnavailable."""
        taken, self._waiting = self._waiting, {}
        changes: list[Change] = []
        try:
            for (resource, path, label), found in taken.items():
                verdict = Verdict("", label, detector=found.detector, confidence=1.0, kind=found.detector)
                if found.certain:
                    place = {path: verdict}
                    changes += await mark_pending(self._store, resource, place, now=self._clock(), hits=found.hits)
                else:
                    await note_evidence(self._store, resource, {path: verdict}, now=self._clock())
        except BaseException:
            self._waiting = {**taken, **self._waiting}
            raise
        return changes
