"""Which verbs there are: those of the backends, and those that targets offer themselves and that were accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import structlog

from backends.base import Offer, Offering, Verb
from backends.errors import UpstreamError
from catalog.model import Resource
from server.store.engine import StoreUnavailable
from server.upstreams import Upstreams

log = structlog.get_logger("warded.offers")


class Pinned(Protocol):
    """Says whether what a target says of a verb was accepted as it stands. What was not is neither listed nor run."""

    def accepted(self, resource: str, definition: Any) -> bool:
        """From memory."""
        ...

    async def note(self, resource: str, definitions: Sequence[Any]) -> object:
        """What the target says at present. Raises StoreUnavailable."""
        ...


class Unpinned:
    """Accepts everything: for tests and tools that list without serving."""

    def accepted(self, resource: str, definition: Any) -> bool:
        return True

    async def note(self, resource: str, definitions: Sequence[Any]) -> object:
        return None


class Offers:
    """Asked by the list of tools and by each call alike."""

    def __init__(self, upstreams: Upstreams, resources: Mapping[str, Resource], pins: Pinned) -> None:
        self._upstreams, self._pins = upstreams, pins
        self.static = {verb.name: verb for backend in upstreams.backends for verb in backend.verbs}
        self._offering = {
            name: resource
            for name, resource in resources.items()
            if (backend := upstreams.backend(resource.kind)) is not None and backend.offering
        }
        self._noted: dict[str, Sequence[object]] = {}

    def __contains__(self, verb: object) -> bool:
        """Whether it is known here and now; another answer may be had after `learn`."""
        return isinstance(verb, str) and (verb in self.static or self.bound(verb) is not None)

    def find(self, resource: Resource, verb: str) -> Verb | None:
        """The verb, if this resource has it."""
        backend = self._upstreams.backend(resource.kind)
        if backend is None:
            return None
        if not backend.offering:
            return next((offered for offered in backend.verbs if offered.name == verb), None)
        offer = self._offers(resource).get(verb)
        return offer.verb if offer and self._accepted(resource, offer) else None

    def names(self, resource: Resource) -> list[str]:
        """Of all verbs of a resource."""
        backend = self._upstreams.backend(resource.kind)
        static = [verb.name for verb in backend.verbs] if backend else []
        return static + [offer.verb.name for _resource, offer in self._of([resource])]

    def bound(self, verb: str) -> tuple[Resource, Offer] | None:
        """The one resource that offers this verb itself. A name that two would offer is nobody's."""
        if verb in self.static:
            return None
        found = [
            (resource, offer)
            for resource in self._offering.values()
            if (offer := self._offers(resource).get(verb)) is not None
        ]
        return found[0] if len(found) == 1 and self._accepted(*found[0]) else None

    def offered(self) -> Iterator[tuple[Resource, Offer]]:
        """All that targets offer themselves, ordered by resource and name."""
        for resource, offer in self._of(self._offering[name] for name in sorted(self._offering)):
            if self.bound(offer.verb.name) is not None:
                yield resource, offer

    async def learn(self, names: Iterable[str] | None = None) -> None:
        """Bring up to date what these resources (all) offer, all at the same time. One that is sick costs its own
        bounded time and harms no other."""
        wanted = [self._offering[name] for name in (self._offering if names is None else names)]
        await asyncio.gather(*(self._learn(resource) for resource in wanted))

    def nearest(self, verb: str) -> list[str]:
        """Resources of which a verb of this name may be, going by its beginning."""
        return [name for name in self._offering if verb.startswith(f"{name}_")]

    async def _learn(self, resource: Resource) -> None:
        upstream = self._open(resource)
        if upstream is None:
            return
        await upstream.learn()
        definitions = upstream.definitions()
        if self._noted.get(resource.name) is definitions:
            return
        try:
            await self._pins.note(resource.name, definitions)
        except StoreUnavailable as error:  # not noted, so not accepted, so not offered
            log.warning("definitions not kept", resource=resource.name, problem=str(error))
            return
        self._noted[resource.name] = definitions

    def _of(self, resources: Iterable[Resource]) -> Iterator[tuple[Resource, Offer]]:
        for resource in resources:
            for _name, offer in sorted(self._offers(resource).items()):
                if self._accepted(resource, offer):
                    yield resource, offer

    def _accepted(self, resource: Resource, offer: Offer) -> bool:
        return self._pins.accepted(resource.name, offer.source)

    def _offers(self, resource: Resource) -> Mapping[str, Offer]:
        upstream = self._open(resource) if resource.name in self._offering else None
        return upstream.offers() if upstream else {}

    def _open(self, resource: Resource) -> Offering | None:
        try:
            upstream = self._upstreams.get(resource)
        except (UpstreamError, ValueError) as error:
            log.warning("not usable", resource=resource.name, problem=type(error).__name__)
            return None
        return upstream if isinstance(upstream, Offering) else None
