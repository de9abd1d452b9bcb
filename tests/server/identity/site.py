"""A whole authorization server in this process, a clock that tests turn, and the two parties that talk to it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.responses import Response

from server.config import Config, Identity, Server
from server.identity.keys import load_keys
from server.identity.routes import identity_routes
from server.identity.sessions import BrowserSessions
from server.identity.tokens import AccessTokens, Verifier
from server.store.engine import Store

ORIGIN = "http://127.0.0.1:8080"
MCP = f"{ORIGIN}/mcp"
CALLBACK = "http://127.0.0.1:33418/callback"
VERIFIER = "correct-horse-battery-staple-correct-horse-battery"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Clock:
    """Seconds since 1970, only moving when a test says so."""

    now: float = field(default_factory=lambda: float(int(time.time())))

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Site:
    """A server, its store, and what a test needs to look inside."""

    config: Config
    store: Store
    clock: Clock
    app: Starlette
    tokens: AccessTokens
    verifier: Verifier

    def client(self, *, origin: str = "") -> httpx.AsyncClient:
        """Somebody who sends requests. Redirects are not followed; a browser says where its forms come from."""
        transport = httpx.ASGITransport(self.app)
        headers = {"Origin": origin} if origin else {}
        return httpx.AsyncClient(transport=transport, base_url=self.config.server.public_url, headers=headers)

    def browser(self) -> httpx.AsyncClient:
        return self.client(origin=self.config.server.public_url)

    async def signed_in(self, user: str) -> httpx.AsyncClient:
        """A browser with a session of `user`, without the cost of a password."""
        sessions = BrowserSessions(self.store, self.config, clock=self.clock)
        answer = Response()
        await sessions.open(user, answer)
        browser = self.browser()
        name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
        browser.cookies.set(name, value, domain="127.0.0.1")
        return browser


async def make_site(store: Store, clock: Clock, *, public_url: str = ORIGIN, dynamic_registration: bool = True) -> Site:
    identity = Identity(dynamic_registration=dynamic_registration)
    config = Config(server=Server(public_url=public_url), identity=identity)
    keys = await load_keys(store, clock=clock)
    tokens = AccessTokens(keys, issuer=public_url, clock=clock)
    verifier = Verifier(keys, store, issuer=public_url, audience=config.mcp_url, clock=clock)
    app = Starlette(routes=identity_routes(config, store, tokens, verifiers=[verifier], clock=clock))
    return Site(config, store, clock, app, tokens, verifier)


async def register(http: httpx.AsyncClient, **metadata: Any) -> dict[str, Any]:
    """Registers a public client unless told otherwise."""
    document = {
        "client_name": "Claude Code",
        "redirect_uris": ["http://127.0.0.1/callback"],
        "token_endpoint_auth_method": "none",
        **metadata,
    }
    answer = await http.post("/register", json=document)
    assert answer.status_code == 201, answer.text
    return cast(dict[str, Any], answer.json())


def authorize_params(client_id: str, **changes: str | None) -> dict[str, str]:
    params = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "s-1",
        "scope": "mcp:tools",
        "resource": MCP,
        **changes,
    }
    return {name: value for name, value in params.items() if value is not None}


async def consent_page(browser: httpx.AsyncClient, client_id: str, **changes: str | None) -> httpx.Response:
    """From /authorize to the page that asks."""
    start = await browser.get("/authorize", params=authorize_params(client_id, **changes))
    assert start.status_code == 302, start.text
    return await browser.get(start.headers["location"])


def hidden(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found is not None, page.text
    return found.group(1)


async def answer_consent(browser: httpx.AsyncClient, page: httpx.Response, decision: str = "approve") -> httpx.Response:
    fields = {"csrf": hidden(page, "csrf"), "request": hidden(page, "request"), "decision": decision}
    return await browser.post("/consent", data=fields)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def get_code(browser: httpx.AsyncClient, client_id: str, **changes: str | None) -> str:
    """A code, after a person approved."""
    answer = await answer_consent(browser, await consent_page(browser, client_id, **changes))
    assert answer.status_code == 303, answer.text
    return query_of(answer.headers["location"])["code"]


async def exchange(http: httpx.AsyncClient, client_id: str, code: str, **changes: str | None) -> httpx.Response:
    fields = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "resource": MCP,
        **changes,
    }
    return await http.post("/token", data=present(fields))


async def refresh(http: httpx.AsyncClient, client_id: str, token: str, **changes: str | None) -> httpx.Response:
    fields = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": token, **changes}
    return await http.post("/token", data=present(fields))


async def log_in(site: Site, user: str = "ada", **metadata: Any) -> tuple[str, dict[str, Any]]:
    """A whole log-in: client id and token answer."""
    async with site.client() as http, await site.signed_in(user) as browser:
        client = await register(http, **metadata)
        answer = await exchange(http, client["client_id"], await get_code(browser, client["client_id"]))
        assert answer.status_code == 200, answer.text
        return client["client_id"], answer.json()


def present(fields: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def part(token: str, index: int) -> dict[str, Any]:
    """Header (0) or claims (1) of a JWT, unverified."""
    text = token.split(".")[index]
    return cast(dict[str, Any], json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
