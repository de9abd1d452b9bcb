"""/authorize, /token, /revoke and /register: the SDK's handlers, with what they leave out.

Added here: no parameter twice (RFC 6749 §3.1), `resource` checked at /token too (RFC 8707 §2.2), `iss` in every
answer that goes through the browser (RFC 9207), client credentials by HTTP Basic alone, an error page for people.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from mcp.server.auth.handlers.authorize import AuthorizationHandler
from mcp.server.auth.handlers.register import RegistrationHandler
from mcp.server.auth.handlers.revoke import RevocationHandler
from mcp.server.auth.handlers.token import TokenHandler
from mcp.server.auth.settings import ClientRegistrationOptions
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Message

from server.config import Config
from server.console.pages import Pages
from server.identity.client_auth import HashedClientAuthenticator, basic_credentials
from server.identity.provider import AuthorizationServer
from server.identity.resource import same_resource
from server.identity.throttle import RateLimit

GRANTS = ("authorization_code", "refresh_token")
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Endpoints:
    """The four endpoints as request handlers. Rates are counted for each peer address, in this process."""

    def __init__(
        self, server: AuthorizationServer, *, config: Config, pages: Pages, clock: Callable[[], float]
    ) -> None:
        authenticator = HashedClientAuthenticator(server)
        self._issuer = config.server.public_url
        self._resource = config.mcp_url
        self._pages = pages
        self._authorization = AuthorizationHandler(server)
        self._token = TokenHandler(server, authenticator)
        self._revocation = RevocationHandler(server, authenticator)
        self._registration = RegistrationHandler(server, ClientRegistrationOptions(enabled=True))
        self._registrations = RateLimit(30, 60.0, clock=clock)
        self._authorizations = RateLimit(120, 60.0, clock=clock)

    async def authorize(self, request: Request) -> Response:
        """Sends the browser to the consent page, back to the client with an error, or shows the error."""
        if not self._authorizations.allows(peer(request)):
            return self._pages.error(429, "Too many requests. Wait a minute.")
        params = request.query_params if request.method == "GET" else await request.form()
        if repeated(params):
            return self._pages.error(400, "A parameter of this request occurs twice.")
        answer = await self._authorization.handle(request)
        if not isinstance(answer, RedirectResponse):
            return self._shown(request, answer)
        location = answer.headers["location"]
        if not location.startswith("/"):  # an error on its way to the client
            answer.headers["location"] = f"{location}&iss={quote(self._issuer, safe='')}"
        return answer

    def _shown(self, request: Request, answer: Response) -> Response:
        """An error that must not travel to an address that nobody registered: a page for people, JSON for programs."""
        if "text/html" not in request.headers.get("accept", ""):
            return answer
        reason = json.loads(bytes(answer.body)).get("error_description", "")
        return self._pages.error(answer.status_code, f"This sign-in cannot go on. {reason}")

    async def token(self, request: Request) -> Response:
        form = await single_fields(request)
        if form is None:
            return oauth_error("invalid_request", "A parameter occurs twice, or is a file.")
        if form.get("grant_type", GRANTS[0]) not in GRANTS:
            return oauth_error("unsupported_grant_type", f"Supported are {' and '.join(GRANTS)}.")
        if "resource" in form and not same_resource(form["resource"], self._resource):
            return oauth_error("invalid_target", f"This server issues tokens for {self._resource} only.")
        answer: Response = await self._token.handle(with_form(request, form))
        if answer.status_code == 401 and "authorization" in request.headers:
            answer.headers["WWW-Authenticate"] = 'Basic realm="warded"'  # RFC 6749 §5.2
        return answer

    async def revoke(self, request: Request) -> Response:
        form = await single_fields(request)
        if form is None:
            return oauth_error("invalid_request", "A parameter occurs twice, or is a file.")
        form.pop("token_type_hint", None)  # tokens are found without it; an unknown hint is no error (RFC 7009 §2.1)
        return await self._revocation.handle(with_form(request, {"client_secret": "", **form}))

    async def register(self, request: Request) -> Response:
        if not self._registrations.allows(peer(request)):
            return JSONResponse(
                {"error": "too_many_requests", "error_description": "Too many registrations. Wait a minute."},
                status_code=429,
                headers={"Retry-After": "60", **NO_STORE},
            )
        answer = await self._registration.handle(request)
        answer.headers.update(NO_STORE)  # the answer may carry a secret (RFC 7591 §3.2.1)
        return answer


def peer(request: Request) -> str:
    """The address that rates are counted for."""
    return request.client.host if request.client else ""


def repeated(params: QueryParams | FormData) -> bool:
    """Whether a parameter occurs twice, which RFC 6749 §3.1 forbids and readers resolve differently."""
    return len(params.multi_items()) != len(params)


async def single_fields(request: Request) -> dict[str, str] | None:
    """The form, with `client_id` filled in from HTTP Basic; None if a field occurs twice or is a file."""
    form = await request.form()
    if repeated(form):
        return None
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if len(fields) != len(form):
        return None
    basic = basic_credentials(request.headers.get("authorization", ""))
    return fields if basic is None else {"client_id": basic[0], **fields}


def with_form(request: Request, fields: Mapping[str, str]) -> Request:
    """The same request with other form fields."""
    body = urlencode(fields).encode()
    headers = [
        (name, value) for name, value in request.scope["headers"] if name not in (b"content-type", b"content-length")
    ]
    headers.append((b"content-type", b"application/x-www-form-urlencoded"))

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {name: value for name, value in request.scope.items() if name != "starlette.request"}
    return Request({**scope, "headers": headers}, receive)


def oauth_error(error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status_code=400, headers=NO_STORE)
