"""Stages resolve and decide: where a call goes, as whom, and whether policy lets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from backends.base import Backend, Offer
from catalog.maskkey import Keyed
from catalog.model import Label, Login, Resource
from policy.engine import Engine
from policy.login import mode_of, select_login
from policy.model import Action, Decision, Deny, Identity, Operation, Query, approval_digest
from policy.steering import LabelledUse, Uses, decide_with_uses
from policy.writeback import with_write_back
from server.memory import Memory
from server.offers import Offers
from server.policies import PolicySource
from server.taints import Taints
from server.upstreams import LabelBook, Upstreams


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the resource, the language it speaks, and the account used there."""

    resource: Resource
    backend: Backend
    login: Login


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision, with the question it answers and the policy that gave it.

    `uses` are the labelled columns that steer the answer; `raises` name the ceilings that its approval would raise.
    """

    query: Query
    decision: Decision
    engine: Engine
    uses: tuple[LabelledUse, ...] = ()
    raises: tuple[str, ...] = ()

    def digest(self, login: Login) -> str:
        """What an approval of this query would be bound to."""
        return approval_digest(self.query, login=login, policy_version=self.engine.version, raises=self.raises)


@dataclass(slots=True)
class Reach:
    """What one identity can reach, found as it is asked for. Good for one policy only."""

    identity: Identity
    engine: Engine
    minute: int
    places: dict[str, Place | None] = field(default_factory=dict)


class Judge:
    """Asks the current policy. The list of tools and a call ask the same questions here."""

    def __init__(
        self,
        *,
        resources: Mapping[str, Resource],
        upstreams: Upstreams,
        labels: LabelBook,
        policies: PolicySource,
        clock: Callable[[], float],
        marks: Keyed,
        offers: Offers,
    ) -> None:
        self.marks, self.verbs = marks, offers
        self.resources, self.upstreams, self.labels = resources, upstreams, labels
        self.policies, self.clock = policies, clock
        self.uses, self.taints = Uses(), Taints(clock)
        self._reaches: Memory[Reach] = Memory()

    def resolve(self, identity: Identity, verb: str, name: str) -> Place | None:
        """None alike for what is absent and for what is not this caller's, so that names cannot be probed."""
        known = self._reach(identity)
        if name not in known:
            known[name] = self._resolve(identity, name)
        place = known[name]
        return place if place is not None and self.verbs.find(place.resource, verb) is not None else None

    def _reach(self, identity: Identity) -> dict[str, Place | None]:
        """What was resolved for this very identity under this very policy (in this minute, if rules look at it)."""
        engine = self.policies.current
        minute = int(self.clock() // 60) if engine.document.uses_time else 0
        reach = self._reaches.get(identity.session)
        if reach is None or reach.identity is not identity or reach.engine is not engine or reach.minute != minute:
            reach = self._reaches.put(identity.session, Reach(identity, engine, minute))
        return reach.places

    def _resolve(self, identity: Identity, name: str) -> Place | None:
        resource = self.resources.get(name)
        if resource is None:
            return None
        backend = self.upstreams.backend(resource.kind)
        login = select_login(resource, identity)
        if backend is None or login is None:
            return None
        if not self.policies.current.may(identity, resource, Action.CONNECT, now=self._now()):
            return None
        return Place(resource, backend, login)

    def visible(self, identity: Identity) -> list[Resource]:
        """What this caller may reach: the same question that `resolve` asks. A resource that offers nothing at present
        is there all the same."""
        return [
            resource
            for resource in self.resources.values()
            if self.tools(identity, resource) or self.reaches(identity, resource.name)
        ]

    def reaches(self, identity: Identity, name: str) -> bool:
        """Whether a resource whose verbs its target says is open to this caller."""
        known = self._reach(identity)
        if name not in known:
            known[name] = self._resolve(identity, name)
        place = known[name]
        return place is not None and place.backend.offering

    def offers(self, identity: Identity, verb: str) -> bool:
        """Is there a resource on which this caller may call `verb`?"""
        return any(self.resolve(identity, verb, name) for name in self.resources)

    def tools(self, identity: Identity, resource: Resource) -> list[str]:
        """Verbs of one resource that this caller may call."""
        return [name for name in self.verbs.names(resource) if self.resolve(identity, name, resource.name)]

    def shows(self, identity: Identity, resource: Resource, offer: Offer) -> bool:
        """Whether a verb that a target offers is listed to this caller: not where the rules refuse it whatever its
        arguments are. The call itself is decided by the same question, with its arguments."""
        place = self.resolve(identity, offer.verb.name, resource.name)
        return place is not None and not isinstance(self.decide(identity, place, offer.probe).decision, Deny)

    def decide(
        self,
        identity: Identity,
        place: Place,
        operation: Operation,
        *,
        approvals: frozenset[str] = frozenset(),
        estimated_rows: int | None = None,
    ) -> Judgement:
        """Labels are those of every column that the text may touch; an opaque text may touch all of its relations.

        The judgement's query carries the effects of using columns that stay hidden from this caller, and of writing
        masks back.
        """
        engine, labels = self.policies.current, self.labels.get(place.resource.name)
        operation = with_write_back(operation, labels, self.marks)
        asked = labels.of(operation.reveals)
        touched = (*operation.columns, *operation.targets) if operation.opaque else operation.columns
        query = Query(
            identity=identity,
            resource=place.resource,
            operation=operation,
            labels=self.labels.of(place.resource.name, touched) | asked,
            approvals=approvals,
            now=self._now(),
            mode=mode_of(place.resource, place.login, identity),
            tainted=self.taints.of(identity.session),
            estimated_rows=estimated_rows,
            reveals=asked,
        )
        uses = self.uses.of(operation, labels)
        if any(use.label is Label.UNSCANNED for use in uses):
            self.labels.on_unscanned(place.resource.name)
        query, decision = decide_with_uses(engine, query, uses)
        return Judgement(query, decision, engine, uses)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)
