"""Every address of the authorization server and of the pages that people see on the way through it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from mcp.server.transport_security import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, request_response
from starlette.types import ASGIApp

from server.config import Config
from server.console.pages import Pages
from server.console.routes import console_routes
from server.identity.endpoints import Endpoints
from server.identity.metadata import resource_metadata, server_metadata
from server.identity.provider import AuthorizationServer
from server.identity.tokens import AccessTokens, Verifier
from server.store.engine import Store

BODY_BYTES = 65_536
SERVER_METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
RESOURCE_METADATA = ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp")

Handler = Callable[[Request], Awaitable[Response]]


def identity_routes(
    config: Config,
    store: Store,
    tokens: AccessTokens,
    *,
    verifiers: Sequence[Verifier],
    clock: Callable[[], float] = time.time,
) -> list[BaseRoute]:
    """OAuth endpoints, discovery and pages. `verifiers` forget at once what is revoked here."""
    server = AuthorizationServer(store, tokens, verifiers, config=config, clock=clock)
    pages = Pages()
    endpoints = Endpoints(server, config=config, pages=pages, clock=clock)
    return [
        *[_document(path, server_metadata(config)) for path in SERVER_METADATA],
        *[_document(path, resource_metadata(config)) for path in RESOURCE_METADATA],
        Route("/authorize", _bounded(endpoints.authorize), methods=["GET", "POST"]),  # no CORS: browsers go there
        _public("/token", endpoints.token),
        _public("/revoke", endpoints.revoke),
        *([_public("/register", endpoints.register)] if config.identity.dynamic_registration else []),
        *console_routes(config, store, consents=server.consents, pages=pages, clock=clock),
    ]


def _document(path: str, document: Mapping[str, object]) -> Route:
    async def show(request: Request) -> Response:
        return JSONResponse(document, headers={"Cache-Control": "public, max-age=3600"})

    return Route(path, _any_origin(request_response(show), "GET"), methods=["GET", "OPTIONS"])


def _public(path: str, handler: Handler) -> Route:
    """An endpoint that programs in browsers may call; they get no cookies there, and none are looked at."""
    return Route(path, _any_origin(_bounded(handler), "POST"), methods=["POST", "OPTIONS"])


def _bounded(handler: Handler) -> ASGIApp:
    return RequestBodyLimitMiddleware(request_response(handler), BODY_BYTES)


def _any_origin(app: ASGIApp, method: str) -> ASGIApp:
    headers = ["Authorization", "MCP-Protocol-Version"]
    return CORSMiddleware(app, allow_origins=["*"], allow_methods=[method, "OPTIONS"], allow_headers=headers)
