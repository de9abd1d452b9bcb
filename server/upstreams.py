"""The open targets, and what the catalog knows of each: opened when first used, closed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backends.base import Backend, Secrets, Upstream
from catalog.labels import Labels
from catalog.model import Label, Locator, Resource
from server.memory import Memory

NOTHING_KNOWN = Labels.build(())


class Upstreams:
    """One Upstream a resource. Credentials are resolved by the backend just before a connection is made."""

    def __init__(self, backends: Sequence[Backend], *, secrets: Secrets) -> None:
        self._backends = {backend.name: backend for backend in backends}
        self._secrets = secrets
        self._open: dict[str, Upstream] = {}

    @property
    def backends(self) -> Sequence[Backend]:
        return tuple(self._backends.values())

    def backend(self, kind: str) -> Backend | None:
        return self._backends.get(kind)

    def get(self, resource: Resource) -> Upstream:
        upstream = self._open.get(resource.name)
        if upstream is None:
            upstream = self._backends[resource.kind].open(resource, self._secrets)
            self._open[resource.name] = upstream
        return upstream

    async def close(self) -> None:
        opened, self._open = list(self._open.values()), {}
        for upstream in opened:
            await upstream.close()


class LabelBook:
    """The newest labels of every resource. One that was never scanned has none, so all its columns are masked."""

    def __init__(self, *, on_unscanned: Callable[[str], None]) -> None:
        self._labels: dict[str, Labels] = {}
        self._found: Memory[frozenset[Label]] = Memory()
        self.on_unscanned = on_unscanned

    def get(self, resource: str) -> Labels:
        return self._labels.get(resource, NOTHING_KNOWN)

    def has(self, resource: str) -> bool:
        """Whether a scan was ever looked up here, even one that found nothing."""
        return resource in self._labels

    def of(self, resource: str, locators: tuple[Locator, ...]) -> frozenset[Label]:
        """Every label that these places carry; the same question of the next call is remembered."""
        key = (resource, locators)
        found = self._found.get(key)
        return self._found.put(key, self.get(resource).of(locators)) if found is None else found

    def replace(self, resource: str, labels: Labels) -> None:
        self._labels[resource] = labels
        self._found.clear()
