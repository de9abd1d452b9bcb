"""Who sees what: one's own always, what one may decide, and everything for the groups that watch."""

from __future__ import annotations

from policy.model import Identity
from server.store.models import Request

WATCHERS = frozenset({"admins", "auditors"})


def sees_all(identity: Identity) -> bool:
    return bool(identity.groups & WATCHERS)


def sees_session(identity: Identity, owner: str) -> bool:
    return owner == identity.user or sees_all(identity)


def sees_request(identity: Identity, request: Request) -> bool:
    asked = identity.groups.intersection(request.approvers)
    return request.requester == identity.user or bool(asked) or sees_all(identity)
