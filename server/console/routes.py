"""The pages' addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mcp.server.transport_security import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, request_response
from starlette.types import ASGIApp

from server.config import Config
from server.console.consent import ConsentPage
from server.console.forms import FormGuard
from server.console.home import Home
from server.console.pages import Pages
from server.console.setup import Setup
from server.console.sign_in import SignIn
from server.identity.consents import Consents
from server.identity.sessions import BrowserSessions
from server.store.engine import Store

FORM_BYTES = 16_384


def console_routes(
    config: Config, store: Store, *, consents: Consents, pages: Pages, clock: Callable[[], float]
) -> list[BaseRoute]:
    """Sign-in, set-up, consent and home. One object holds each page's state; nothing is kept in modules."""
    sessions = BrowserSessions(store, config, clock=clock)
    guard = FormGuard(config, sessions.cookies)
    home = Home(store, config, pages=pages, sessions=sessions)
    sign_in = SignIn(store, pages, guard=guard, sessions=sessions, clock=clock)
    setup = Setup(store, pages, guard=guard, sessions=sessions, clock=clock)
    consent = ConsentPage(consents, pages, guard=guard, sessions=sessions)
    return [
        Route("/", home.show, methods=["GET"]),
        Route("/static/warded.css", home.style, methods=["GET"]),
        Route("/login", sign_in.show, methods=["GET"]),
        Route("/login", bounded(sign_in.submit), methods=["POST"]),
        Route("/logout", bounded(sign_in.sign_out), methods=["POST"]),
        Route("/setup", setup.show, methods=["GET"]),
        Route("/setup", bounded(setup.submit), methods=["POST"]),
        Route("/consent", consent.show, methods=["GET"]),
        Route("/consent", bounded(consent.submit), methods=["POST"]),
    ]


def bounded(handler: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """A handler that never reads more than a form's worth of body."""
    return RequestBodyLimitMiddleware(request_response(handler), FORM_BYTES)
