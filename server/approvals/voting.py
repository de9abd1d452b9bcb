"""Who may answer a request, on whose behalf, and what the answers add up to. No I/O."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from policy.model import Identity
from server.store.models import Request, Vote

Code = Literal[
    "not_found", "agent", "requester", "not_asked", "already_voted", "already_answered", "not_pending", "expired"
]


class VoteRefused(Exception):
    """This person may not answer this request, or not any more. `code` is for programs, the text for people."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


def seat(request: Request, votes: Collection[Vote], *, identity: Identity, approve: bool, group: str) -> str:
    """The group that this person answers for. Raises VoteRefused.

    One person counts once, also in two groups, so two groups always mean two people. With
    `group` they choose for which; otherwise it is the first one without an approval.
    While the request is pending, somebody of a group that has approved can still deny it.
    """
    _may_vote(request, identity)
    asked = sorted(identity.groups & set(request.approvers) & ({group} if group else identity.groups))
    if not asked:
        groups = group or " or ".join(sorted(request.approvers))
        raise VoteRefused("not_asked", f"Only members of {groups} may answer this request.")
    if any(vote.user == identity.user for vote in votes):
        raise VoteRefused("already_voted", "You have answered this request; one person counts once.")
    if not approve:
        return asked[0]
    approved = {vote.group for vote in votes if vote.approve}
    free = [name for name in asked if name not in approved]
    if not free:
        raise VoteRefused("already_answered", f"{' and '.join(asked)} has approved this request already.")
    return free[0]


def _may_vote(request: Request, identity: Identity) -> None:
    if identity.agent is not None:
        raise VoteRefused("agent", "Requests are answered by people, not by agents.")
    if identity.user == request.requester:
        raise VoteRefused("requester", "Nobody answers their own request.")
    if request.status == "expired":
        raise VoteRefused("expired", "This request has expired.")
    if request.status != "pending":
        raise VoteRefused("not_pending", f"This request is {request.status} already.")


def outcome(approvers: Collection[str], votes: Collection[Vote]) -> Literal["pending", "approved", "denied"]:
    """Every group has to approve; one denial is enough to deny."""
    if any(not vote.approve for vote in votes):
        return "denied"
    missing = set(approvers) - {vote.group for vote in votes}
    return "pending" if missing else "approved"
