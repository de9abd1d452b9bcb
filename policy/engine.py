"""Decides queries by a document, and remembers decisions for as long as nothing that a rule can see changed."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, datetime

from catalog.model import Label, Resource
from policy.document import Document
from policy.model import Action, Decision, Deny, Identity, Operation, Query
from policy.ruling import revealed
from policy.verdict import judge


class Engine:
    """One document in force. Make a new engine for a new document; then no remembered decision can outlive its rules.

    `approval_expiry` (seconds) applies to holds whose rules carry no @within. The cache holds at
    most `cache_size` decisions, the least recently used goes first; 0 remembers nothing.
    """

    def __init__(self, document: Document, cache_size: int = 4096, *, approval_expiry: float = 3600.0) -> None:
        self.document = document
        self._expiry = approval_expiry
        self._size = cache_size
        self._known: dict[Hashable, Decision] = {}
        self._revealed: dict[Hashable, frozenset[Label]] = {}

    @property
    def version(self) -> str:
        return self.document.version

    def decide(self, query: Query) -> Decision:
        """Allow, Hold or Deny. Time comes from `query.now`; without it, rules that look at the time deny."""
        key = cache_key(query, timed=self.document.uses_time)
        decision = self._known.pop(key, None)
        if decision is None:
            decision = judge(self.document, query, expiry=self._expiry)
        self._remember(key, decision)
        return decision

    def revealed(self, query: Query) -> frozenset[Label]:
        """The labels of the query that its caller may see in clear, as far as the query's own effects let the rules."""
        if not query.labels & self.document.revealable:
            return frozenset()
        key = cache_key(query, timed=self.document.uses_time)
        labels = self._revealed.pop(key, None)
        if labels is None:
            labels = revealed(self.document, query)
        self._revealed[key] = labels
        while len(self._revealed) > self._size:
            self._revealed.pop(next(iter(self._revealed)), None)
        return labels

    def may(self, identity: Identity, resource: Resource, action: Action, *, now: datetime | None = None) -> bool:
        """Whether the boundary opens: shall this resource be listed, may such a call be tried at all.

        True also where approval would be needed. The operation itself is always decided again.
        """
        probe = Operation(protocol=resource.kind, verb="", text="", actions=frozenset({action}))
        return not isinstance(self.decide(Query(identity, resource, probe, now=now)), Deny)

    def _remember(self, key: Hashable, decision: Decision) -> None:
        """Put last, drop the first: a dict keeps the order of insertion."""
        self._known[key] = decision
        while len(self._known) > self._size:
            self._known.pop(next(iter(self._known)), None)


def cache_key(query: Query, *, timed: bool) -> tuple[Hashable, ...]:
    """All that a rule can see and the suggestions a denial repeats; the minute only where a rule looks at the time."""
    identity, resource, operation = query.identity, query.resource, query.operation
    return (
        identity.user,
        identity.groups,
        identity.agent,
        tuple(sorted(identity.attributes.items())) if identity.attributes else (),
        resource.name,
        resource.kind,
        resource.groups,
        tuple(sorted(resource.tags.items())),
        operation.protocol,
        operation.verb,
        operation.actions,
        operation.effects,
        operation.targets,
        operation.opaque,
        tuple(statement.suggestion for statement in operation.statements),
        query.labels,
        query.approvals,
        query.mode,
        query.tainted,
        query.estimated_rows,
        query.reveals,
        _minute(query.now) if timed else None,
    )


def _minute(now: datetime | None) -> str | None:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") if now and now.tzinfo else None
