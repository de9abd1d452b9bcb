"""Stages resolve and decide: where a call goes, as whom, and whether policy lets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from backends.base import Backend
from catalog.model import Label, Login, Resource
from policy.engine import Engine
from policy.login import select_login
from policy.model import Action, Decision, Identity, Operation, Query, approval_digest
from policy.steering import Uses, decide_with_uses
from server.policies import PolicySource
from server.upstreams import LabelBook, Upstreams


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes: the resource, the language it speaks, and the account used there."""

    resource: Resource
    backend: Backend
    login: Login


@dataclass(frozen=True, slots=True)
class Judgement:
    """One decision, with the question it answers and the policy that gave it."""

    query: Query
    decision: Decision
    engine: Engine

    def digest(self, login: Login) -> str:
        """What an approval of this query would be bound to."""
        return approval_digest(self.query, login=login, policy_version=self.engine.version)


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
    ) -> None:
        self.resources, self.upstreams, self.labels = resources, upstreams, labels
        self.policies, self.clock = policies, clock
        self.uses = Uses()

    def resolve(self, identity: Identity, verb: str, name: str) -> Place | None:
        """None alike for what is absent and for what is not this caller's, so that names cannot be probed."""
        resource = self.resources.get(name)
        if resource is None:
            return None
        backend = self.upstreams.backend(resource.kind)
        login = select_login(resource, identity)
        if backend is None or login is None or not any(offered.name == verb for offered in backend.verbs):
            return None
        if not self.policies.current.may(identity, resource, Action.CONNECT, now=self._now()):
            return None
        return Place(resource, backend, login)

    def visible(self, identity: Identity) -> list[Resource]:
        """What this caller may reach: the same question that `resolve` asks."""
        return [resource for resource in self.resources.values() if self.tools(identity, resource)]

    def offers(self, identity: Identity, verb: str) -> bool:
        """Is there a resource on which this caller may call `verb`?"""
        return any(self.resolve(identity, verb, name) for name in self.resources)

    def tools(self, identity: Identity, resource: Resource) -> list[str]:
        """Verbs of one resource that this caller may call."""
        backend = self.upstreams.backend(resource.kind)
        verbs = [offered.name for offered in backend.verbs] if backend else []
        return [name for name in verbs if self.resolve(identity, name, resource.name)]

    def decide(
        self, identity: Identity, place: Place, operation: Operation, *, approvals: frozenset[str] = frozenset()
    ) -> Judgement:
        """Labels are those of every column that the text may touch; an opaque text may touch all of its relations.

        The judgement's query carries the effects of using columns that stay hidden from this caller.
        """
        engine, labels = self.policies.current, self.labels.get(place.resource.name)
        touched = (*operation.columns, *operation.targets) if operation.opaque else operation.columns
        query = Query(
            identity=identity,
            resource=place.resource,
            operation=operation,
            labels=labels.of(touched),
            approvals=approvals,
            now=self._now(),
        )
        uses = self.uses.of(operation, labels)
        if any(use.label is Label.UNSCANNED for use in uses):
            self.labels.on_unscanned(place.resource.name)
        query, decision = decide_with_uses(engine, query, uses)
        return Judgement(query, decision, engine)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)
