"""Signed-in browsers: a cookie with 256 random bits, kept as a hash, with a fixed life.

On https the cookie has the `__Host-` prefix, so no other host can set it. On loopback http that prefix is not
possible, and cookies are shared by all ports of an address: a program serving pages on 127.0.0.1 that the person
visits could read it. That is one reason why consent is asked every time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, select
from starlette.requests import Request
from starlette.responses import Response

from server.config import Config
from server.identity.credentials import fingerprint, is_credential, new_credential
from server.store.engine import Store
from server.store.models import BrowserSession, User


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person at a browser. `csrf` belongs into every form."""

    user: str
    display_name: str
    groups: frozenset[str]
    csrf: str


class BrowserSessions:
    """Opens, finds and closes browser sessions."""

    def __init__(self, store: Store, config: Config, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._life = config.identity.browser_session_seconds
        self.cookies = Cookies(secure=config.server.public_url.startswith("https://"))

    async def open(self, user: str, response: Response) -> None:
        """Signs this browser in."""
        cookie, now = new_credential(), self._clock()
        row = BrowserSession(id_hash=fingerprint(cookie), user=user, csrf=new_credential(), expires_at=now + self._life)
        async with self._store.session() as session:
            await session.execute(delete(BrowserSession).where(BrowserSession.expires_at <= now))
            session.add(row)
        self.cookies.set(response, "session", cookie, seconds=self._life)

    async def find(self, request: Request) -> SignedIn | None:
        """Who sits at this browser; None = nobody, or an account that has been disabled."""
        cookie = self.cookies.get(request, "session")
        if not is_credential(cookie):
            return None
        query = select(BrowserSession, User).join(User, User.name == BrowserSession.user)
        query = query.where(BrowserSession.id_hash == fingerprint(cookie), User.disabled_at.is_(None))
        async with self._store.session(read_only=True) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None or row.BrowserSession.expires_at <= self._clock():
            return None
        user = row.User
        return SignedIn(user.name, user.display_name or user.name, frozenset(user.groups), row.BrowserSession.csrf)

    async def close(self, request: Request, response: Response) -> None:
        """Signs this browser out."""
        cookie = self.cookies.get(request, "session")
        async with self._store.session() as session:
            await session.execute(delete(BrowserSession).where(BrowserSession.id_hash == fingerprint(cookie)))
        self.cookies.clear(response, "session")


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes of our cookies (RFC 6265bis §4.1.3)."""

    secure: bool

    def name(self, purpose: str) -> str:
        return f"__Host-warded-{purpose}" if self.secure else f"warded-{purpose}"

    def get(self, request: Request, purpose: str) -> str:
        return request.cookies.get(self.name(purpose), "")

    def set(self, response: Response, purpose: str, value: str, *, seconds: int) -> None:
        response.set_cookie(
            self.name(purpose), value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def clear(self, response: Response, purpose: str) -> None:
        response.delete_cookie(self.name(purpose), path="/", secure=self.secure, httponly=True, samesite="lax")
