"""What a client meets at the public URL: discovery, the challenge that starts a log-in, health (RFC 9728, RFC 6750)."""

from __future__ import annotations

import json
import ssl
from typing import Any
from urllib.parse import urlsplit

import httpx

from server.config import Config
from server.config_types import is_loopback
from server.doctor.line import Line, fail, ok, warn

METADATA = "/.well-known/oauth-protected-resource/mcp"
PATIENCE = 10.0
PROXY_REMEDY = "Something else answers at the public URL: look at the proxy in front, or at server.public_url."


async def check_public_url(config: Config, *, transport: httpx.AsyncBaseTransport | None) -> list[Line]:
    url = config.server.public_url
    local = is_loopback(urlsplit(url).hostname or "")
    async with httpx.AsyncClient(
        base_url=url, timeout=PATIENCE, transport=transport, trust_env=not local, follow_redirects=False
    ) as client:
        try:
            return [
                await _healthy(client),
                *await _ready(client),
                await _metadata(client, config),
                await _challenge(client),
            ]
        except httpx.ConnectError as error:
            return [_unreachable(url, error)]
        except httpx.HTTPError as error:
            return [fail("public url", f"{url}: {type(error).__name__}", PROXY_REMEDY)]


def _unreachable(url: str, error: httpx.ConnectError) -> Line:
    if isinstance(error.__cause__, ssl.SSLError) or "CERTIFICATE" in str(error):
        return fail("public url", f"{url}: clients will not trust its certificate", "Use one of a trusted authority.")
    return warn("public url", f"nothing answers at {url}", "Start it: `warded serve`.")


async def _healthy(client: httpx.AsyncClient) -> Line:
    answer = await client.get("/healthz")
    if answer.status_code == 200 and _object(answer).get("status") == "ok":
        return ok("public url", f"{client.base_url} answers")
    return fail("public url", f"/healthz answers {answer.status_code}", PROXY_REMEDY)


async def _ready(client: httpx.AsyncClient) -> list[Line]:
    """What the running gateway says of itself, such as a changed policy that it refused."""
    problems = _object(await client.get("/readyz")).get("problems", {})
    if not isinstance(problems, dict) or not problems:
        return [ok("ready", "the gateway takes calls")]
    return [
        fail("ready", f"{name}: {words}", "Mend it; the gateway looks again by itself.")
        for name, words in problems.items()
    ]


async def _metadata(client: httpx.AsyncClient, config: Config) -> Line:
    answer = await client.get(METADATA)
    found = _object(answer)
    if answer.status_code != 200:
        return fail("discovery", f"{METADATA} answers {answer.status_code}", PROXY_REMEDY)
    if found.get("resource") != config.mcp_url or config.server.public_url not in _list(found, "authorization_servers"):
        words = f"the metadata names another resource than {config.mcp_url}"
        return fail("discovery", words, "Restart the gateway with this configuration, or correct server.public_url.")
    return ok("discovery", f"clients find {config.mcp_url} and where to log in")


async def _challenge(client: httpx.AsyncClient) -> Line:
    """Without the header a client cannot know that it has to log in (RFC 9728 §5.1)."""
    answer = await client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    header = answer.headers.get("www-authenticate", "")
    if answer.status_code == 401 and "resource_metadata=" in header:
        return ok("log-in", "a client without a token is told where to log in")
    words = f"/mcp without a token answers {answer.status_code}, WWW-Authenticate {'present' if header else 'missing'}"
    return fail("log-in", words, PROXY_REMEDY)


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def _list(value: dict[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []
