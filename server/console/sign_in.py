"""/login and /logout."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.console.forms import FormGuard, text_field
from server.console.pages import Pages
from server.identity.credentials import is_credential
from server.identity.sessions import BrowserSessions
from server.identity.throttle import BackOff
from server.identity.users import authenticate
from server.store.engine import Store
from server.store.models import User

WRONG = "The name or the password is wrong."
SLOW_DOWN = "Too many attempts. Wait a little and try again."
HASHES_AT_ONCE = 2

log = structlog.get_logger("warded.identity")


class SignIn:
    """Signs browsers in and out. After five failures of a name from one address each further attempt waits longer."""

    def __init__(
        self,
        store: Store,
        pages: Pages,
        *,
        guard: FormGuard,
        sessions: BrowserSessions,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._pages = pages
        self._guard = guard
        self._sessions = sessions
        self._here = BackOff(5, 300.0, clock=clock)  # a name from one address
        self._anywhere = BackOff(50, 30.0, clock=clock)  # a name from many: short, or strangers could lock people out
        self._limiter = anyio.CapacityLimiter(HASHES_AT_ONCE)

    async def show(self, request: Request) -> Response:
        request_id = request.query_params.get("request", "")
        if await self._sessions.find(request) is not None:
            return after_sign_in(request_id)
        return self._form(request, request_id=request_id)

    async def submit(self, request: Request) -> Response:
        form = await request.form()
        if not self._guard.genuine(request, form, token=self._guard.token(request)):
            return self._pages.error(403, self._guard.refusal)
        request_id, name = text_field(form, "request"), text_field(form, "name").strip().lower()
        address = request.client.host if request.client else ""
        here = f"{name} {address}"
        if self._here.wait(here) or self._anywhere.wait(name):
            return self._form(request, request_id=request_id, problem=SLOW_DOWN, status=429)
        self._here.failed(here)  # before the password is looked at, or attempts in parallel would go uncounted
        self._anywhere.failed(name)
        user = await authenticate(self._store, name, text_field(form, "password"), limiter=self._limiter)
        if user is None:
            log.warning("sign-in refused", address=address)  # not the name: people type passwords there
            return self._form(request, request_id=request_id, problem=WRONG, status=401)
        self._here.succeeded(here)
        self._anywhere.succeeded(name)
        return await self._enter(user, request_id)

    async def sign_out(self, request: Request) -> Response:
        person = await self._sessions.find(request)
        form = await request.form()
        if person is None or not self._guard.genuine(request, form, token=person.csrf):
            return self._pages.error(403, self._guard.refusal)
        response = RedirectResponse("/", status_code=303)
        await self._sessions.close(request, response)
        return response

    async def _enter(self, user: User, request_id: str) -> Response:
        response = after_sign_in(request_id)
        await self._sessions.open(user.name, response)
        log.info("signed in", user=user.name)
        return response

    def _form(self, request: Request, *, request_id: str, problem: str = "", status: int = 200) -> Response:
        token = self._guard.fresh_token(request)
        response = self._pages.render("login", status=status, csrf=token, request_id=request_id, problem=problem)
        self._guard.remember(response, token)
        return response


def after_sign_in(request_id: str) -> RedirectResponse:
    """To the consent page or home: never to an address that a link may choose."""
    target = f"/consent?request={request_id}" if is_credential(request_id) else "/"
    return RedirectResponse(target, status_code=303, headers={"Cache-Control": "no-store"})
