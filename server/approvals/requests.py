"""Requests for approval: durable, bound to what would run, moved by compare-and-set, used at most once.

    pending → approved → running → done | failed
            ↘ denied   ↘ expired (approved, and nobody used it)
            ↘ expired

Every arrow is one UPDATE whose WHERE names the state it leaves, so of any number of
processes that try, one succeeds. Expiry is computed when a request is read and written the same way.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from catalog.model import Login
from policy.model import Hold, Identity, Query
from server.approvals.facts import facts_of, plain, printable
from server.approvals.voting import VoteRefused, outcome, seat
from server.store.engine import Store, StoreUnavailable
from server.store.models import Request, Vote

__all__ = ["Approvals", "OnTick", "VoteRefused"]

POLL_SECONDS = 0.5
"""How late a decision made by another process is noticed, at most."""
USABLE_SECONDS = 300.0
"""An approval that came late can still be used for so long, so that nobody approves in vain."""
_ATTEMPTS = 5

OnTick = Callable[[float], Awaitable[None]]
"""Called about every POLL_SECONDS while a caller waits, with the seconds waited so far."""


class Approvals:
    """Times are UNIX seconds by `clock`; waiting is by the monotonic clock. Everything raises StoreUnavailable."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: f"req_{secrets.token_hex(8)}",
    ) -> None:
        self._store, self._clock, self._new_id = store, clock, new_id
        self._waiting: dict[str, set[asyncio.Event]] = {}

    async def open(self, query: Query, hold: Hold, *, login: Login, digest: str, policy_version: str) -> Request:
        """The request for this digest by this person: the live one if there is one, else a new one."""
        if not hold.approvers:
            raise ValueError("a hold that names no approver would approve itself")
        for _ in range(_ATTEMPTS):
            with suppress(
                IntegrityError
            ):  # somebody opened the same request meanwhile (uq_requests_live): attach to it
                async with self._store.session() as session:
                    return await self._attach(session, query, digest) or self._add(
                        session, query, hold, login=login, digest=digest, policy_version=policy_version
                    )
        raise StoreUnavailable("The request could not be opened.", "Try again.")

    async def get(self, request_id: str) -> Request | None:
        now = self._clock()
        async with self._store.session(read_only=True) as session:
            query = select(Request, _lapsed(now)).where(Request.id == request_id)
            request, lapsed = (await session.execute(query)).one_or_none() or (None, False)
        if not lapsed:
            return request
        async with self._store.session() as session:
            await _move(session, [Request.id == request_id, _lapsed(now)], status="expired")
            return await session.get(Request, request_id)

    async def votes(self, request_id: str) -> Sequence[Vote]:
        """The answers so far, oldest first."""
        query = select(Vote).where(Vote.request_id == request_id).order_by(Vote.at, Vote.user)
        async with self._store.session(read_only=True) as session:
            return (await session.execute(query)).scalars().all()

    async def wait(self, request_id: str, seconds: float, *, on_tick: OnTick | None = None) -> Request:
        """The request once it is no longer pending, or as it is when the time is over. Raises LookupError."""
        now = asyncio.get_running_loop().time
        began = now()
        woken = asyncio.Event()
        self._waiting.setdefault(request_id, set()).add(woken)
        try:
            while True:
                woken.clear()
                request = await self._existing(request_id)
                if request.status != "pending" or now() >= began + seconds:
                    return request
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(began + seconds):
                        if on_tick is not None:
                            await on_tick(now() - began)
                        async with asyncio.timeout(POLL_SECONDS):
                            await woken.wait()
        finally:
            self._stop_waiting(request_id, woken)

    async def vote(
        self, request_id: str, *, identity: Identity, approve: bool, comment: str = "", group: str = ""
    ) -> Request:
        """Record a person's answer, and decide the request if that settles it. Raises VoteRefused.

        `group` chooses for which of their groups they answer, should they be in several.
        """
        now = self._clock()
        async with self._store.session() as session:
            request = await self._locked(session, request_id, now)
            votes = list((await session.execute(select(Vote).where(Vote.request_id == request_id))).scalars())
            taken = seat(request, votes, identity=identity, approve=approve, group=group)
            answer = {"user": identity.user, "approve": approve, "comment": printable(comment), "at": now}
            votes.append(Vote(request_id=request_id, group=taken, **answer))
            session.add(votes[-1])
            await session.flush()
            status = outcome(request.approvers, votes)
            if status != "pending":
                open_still = [Request.id == request_id, Request.status == "pending", Request.expires_at > now]
                if not await _move(session, open_still, status=status, decided_at=now):
                    raise VoteRefused("not_pending", "This request is no longer open.")
        self._wake(request_id)
        return await self._existing(request_id)

    async def claim(self, request_id: str, *, digest: str, requester: str) -> frozenset[str] | None:
        """Spend the approval: the groups that gave it, or None when it is not (or no longer) one for this digest
        and person. Of all who ever ask, one gets the groups; whoever does must call `finish`."""
        now = self._clock()
        fitting = [
            Request.id == request_id,
            Request.status == "approved",
            Request.digest == digest,
            Request.requester == requester,
            ~_lapsed(now),
        ]
        async with self._store.session() as session:
            if not await _move(session, fitting, status="running"):
                return None
            groups = select(Vote.group).where(Vote.request_id == request_id, Vote.approve)
            return frozenset((await session.execute(groups)).scalars())

    async def finish(self, request_id: str, *, ok: bool, outcome: str) -> bool:
        """What became of a claimed request. False if it is not running."""
        ended: dict[str, Any] = {"finished_at": self._clock(), "outcome": printable(outcome)}
        running = [Request.id == request_id, Request.status == "running"]
        async with self._store.session() as session:
            return await _move(session, running, status="done" if ok else "failed", **ended)

    async def list(
        self, status: str | None = None, limit: int = 50, before: tuple[float, str] | None = None
    ) -> Sequence[Request]:
        """Newest first. `before` is (created_at, id) of the last one of the page before."""
        query = select(Request).order_by(Request.created_at.desc(), Request.id.desc()).limit(limit)
        if status is not None:
            query = query.where(Request.status == status)
        if before is not None:
            at, last = before
            query = query.where(or_(Request.created_at < at, and_(Request.created_at == at, Request.id < last)))
        async with self._store.session() as session:
            await _move(session, [_lapsed(self._clock())], status="expired")
            return (await session.execute(query)).scalars().all()

    async def _attach(self, session: AsyncSession, query: Query, digest: str) -> Request | None:
        same = [Request.digest == digest, Request.requester == query.identity.user]
        await _move(session, [*same, _lapsed(self._clock())], status="expired")
        live = select(Request).where(*same, Request.status.in_(("pending", "approved")))
        return (await session.execute(live)).scalar_one_or_none()

    def _add(
        self, session: AsyncSession, query: Query, hold: Hold, *, login: Login, digest: str, policy_version: str
    ) -> Request:
        identity, operation, now = query.identity, query.operation, self._clock()
        request = Request(
            id=self._new_id(),
            digest=digest,
            status="pending",
            requester=identity.user,
            client_id=identity.agent.client_id if identity.agent else "",
            client_name=identity.agent.name if identity.agent else "",
            session=identity.session,
            resource=query.resource.name,
            login=login.user,
            verb=operation.verb,
            text=printable(operation.text),
            parameters=[plain(value) for value in operation.parameters],
            facts=facts_of(query, hold),
            approvers=sorted(hold.approvers),
            policy_version=policy_version,
            created_at=now,
            expires_at=now + hold.within,
            decided_at=None,
            finished_at=None,
            outcome="",
        )
        session.add(request)
        return request

    async def _existing(self, request_id: str) -> Request:
        request = await self.get(request_id)
        if request is None:
            raise LookupError(f"there is no request {request_id}")
        return request

    async def _locked(self, session: AsyncSession, request_id: str, now: float) -> Request:
        """The row, held until the transaction ends, with an expiry that nobody wrote yet."""
        query = select(Request).where(Request.id == request_id).with_for_update()
        request = (await session.execute(query)).scalar_one_or_none()
        if request is None:
            raise VoteRefused("not_found", "There is no such request.")
        if request.status == "pending" and request.expires_at <= now:
            raise VoteRefused("expired", "This request has expired.")
        return request

    def _wake(self, request_id: str) -> None:
        for event in self._waiting.get(request_id, ()):
            event.set()

    def _stop_waiting(self, request_id: str, event: asyncio.Event) -> None:
        self._waiting[request_id].discard(event)
        if not self._waiting[request_id]:
            del self._waiting[request_id]


def _lapsed(now: float) -> ColumnElement[bool]:
    """Too late to vote, or too late to use an approval; whether that was written down yet or not."""
    unused = and_(Request.status == "approved", Request.decided_at <= now - USABLE_SECONDS)
    return and_(Request.expires_at <= now, or_(Request.status == "pending", unused))


async def _move(session: AsyncSession, leaving: Sequence[ColumnElement[bool]], **values: Any) -> bool:
    """One compare-and-set. Whether it moved anything."""
    statement = update(Request).where(*leaving).values(**values).execution_options(synchronize_session=False)
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount > 0
