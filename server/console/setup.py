"""/setup: the one-time code makes the first account."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.console.forms import FormGuard, text_field
from server.console.pages import Pages
from server.identity.bootstrap import is_pending, redeem
from server.identity.sessions import BrowserSessions
from server.identity.throttle import RateLimit
from server.identity.users import MIN_PASSWORD, UserRefused, account_name, add_user, check_password, get_user
from server.store.engine import Store

ADMINS = "admins"
CLOSED = "There is no open set-up code. Start Warded with a new one to make an account here, or sign in."
WRONG = "The code is wrong, was used, or is too old."
SLOW_DOWN = "Too many attempts. Wait a minute and try again."

log = structlog.get_logger("warded.identity")


class Setup:
    """Five attempts a minute from one address; see `bootstrap` for the code itself."""

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
        self._clock = clock
        self._attempts = RateLimit(5, 60.0, clock=clock)

    async def show(self, request: Request) -> Response:
        if not await is_pending(self._store, clock=self._clock):
            return self._pages.error(404, CLOSED)
        return self._form(request)

    async def submit(self, request: Request) -> Response:
        form = await request.form()
        if not self._guard.genuine(request, form, token=self._guard.token(request)):
            return self._pages.error(403, self._guard.refusal)
        if not self._attempts.allows(request.client.host if request.client else ""):
            return self._form(request, form, problem=SLOW_DOWN, status=429)
        try:
            name = await self._account(form)
        except UserRefused as refused:
            return self._form(request, form, problem=str(refused), status=400)
        if not await redeem(self._store, text_field(form, "code"), clock=self._clock):
            return self._form(request, form, problem=WRONG, status=403)
        await add_user(self._store, name, password=text_field(form, "password"), groups=[ADMINS], clock=self._clock)
        log.info("first account made", user=name)
        response = RedirectResponse("/", status_code=303, headers={"Cache-Control": "no-store"})
        await self._sessions.open(name, response)
        return response

    async def _account(self, form: FormData) -> str:
        """The wanted name, once everything is known to be in order: a slip must not spend the code."""
        name, password = account_name(text_field(form, "name")), text_field(form, "password")
        check_password(password)
        if password != text_field(form, "again"):
            raise UserRefused("The two passwords differ.")
        if not text_field(form, "code") or await get_user(self._store, name) is not None:
            raise UserRefused(WRONG)
        return name

    def _form(
        self, request: Request, form: FormData | None = None, *, problem: str = "", status: int = 200
    ) -> Response:
        token = self._guard.fresh_token(request)
        name = text_field(form, "name") if form else ""
        response = self._pages.render(
            "setup", status=status, csrf=token, name=name, problem=problem, shortest=MIN_PASSWORD
        )
        self._guard.remember(response, token)
        return response
