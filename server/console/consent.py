"""/consent: a person says whether a program may act for them."""

from __future__ import annotations

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.console.forms import FormGuard, text_field
from server.console.pages import Pages
from server.identity.consents import Consents, Pending
from server.identity.credentials import is_credential
from server.identity.redirects import form_action_source
from server.identity.resource import SCOPE
from server.identity.sessions import BrowserSessions, SignedIn

GONE = "This sign-in has been answered or has expired. Start it again in your program."
ABILITIES = {
    SCOPE: (
        "see the databases that you may see, and what is in them",
        "run what policy allows you to run through an agent",
        "ask other people to approve what policy holds back",
    )
}

log = structlog.get_logger("warded.identity")


class ConsentPage:
    """Shown every time, to a signed-in person; answered by a form that only this page can have made."""

    def __init__(self, consents: Consents, pages: Pages, *, guard: FormGuard, sessions: BrowserSessions) -> None:
        self._consents = consents
        self._pages = pages
        self._guard = guard
        self._sessions = sessions

    async def show(self, request: Request) -> Response:
        request_id = request.query_params.get("request", "")
        if not is_credential(request_id):
            return self._pages.error(400, GONE)
        person = await self._sessions.find(request)
        if person is None:
            return redirect(f"/login?request={request_id}")
        pending = await self._consents.pending(request_id, person.user)
        return self._pages.error(400, GONE) if pending is None else self._page(person, pending)

    async def submit(self, request: Request) -> Response:
        form = await request.form()
        person = await self._sessions.find(request)
        if person is None or not self._guard.genuine(request, form, token=person.csrf):
            return self._pages.error(403, self._guard.refusal)
        request_id, decision = text_field(form, "request"), text_field(form, "decision")
        match decision:
            case "approve":
                target = await self._consents.approve(request_id, person.user)
            case "deny":
                target = await self._consents.deny(request_id)
            case _:
                return self._pages.error(400, self._guard.refusal)
        if target is None:
            return self._pages.error(400, GONE)
        log.info("sign-in of a client answered", user=person.user, decision=decision)
        return redirect(target)

    def _page(self, person: SignedIn, pending: Pending) -> Response:
        return self._pages.render(
            "consent",
            form_action=form_action_source(pending.redirect_uri),
            person=person,
            pending=pending,
            abilities=[sentence for scope in pending.scopes for sentence in ABILITIES[scope]],
        )


def redirect(target: str) -> RedirectResponse:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return RedirectResponse(target, status_code=303, headers=headers)
