"""Checks of every HTTP request: the Host it was sent to, and the Origin that sent it.

Both stop DNS rebinding and pages of other sites from reaching a gateway on
loopback (MCP 2026-07-28, basic/transports, security warning).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN_PATHS = ("/.well-known/", "/token", "/register", "/revoke")  # public by design: RFC 8414, 9728, 6749
_OPTIONAL_SPACE = (b" ", b"\t")
PROBES = ("/healthz", "/readyz", "/metrics")  # orchestrators probe by address, and nothing here is a secret


class SiteGuard:
    """ASGI middleware: 421 for a foreign Host, 403 for a foreign Origin. Also strips optional white space from
    header values, which httptools leaves in place (RFC 9110 §5.5)."""

    def __init__(self, app: ASGIApp, *, public_url: str, allowed_origins: Sequence[str] = ()) -> None:
        parts = urlsplit(public_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        names = {host, *(("localhost", "127.0.0.1", "[::1]") if _is_loopback(host) else ())}
        self.app = app
        self.hosts = frozenset(
            entry.encode() for name in names for entry in (f"{name}:{port}", *((name,) if port in (80, 443) else ()))
        )
        own = {f"{parts.scheme}://{entry.decode()}" for entry in self.hosts}
        self.origins = frozenset(origin.encode() for origin in {*own, *allowed_origins})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refuse(scope)
        await (refusal or self.app)(scope, receive, send)

    def _refuse(self, scope: Scope) -> PlainTextResponse | None:
        hosts: list[bytes] = []
        origins: list[bytes] = []
        for position, (name, value) in enumerate(scope["headers"]):
            if value[:1] in _OPTIONAL_SPACE or value[-1:] in _OPTIONAL_SPACE:
                value = value.strip(b" \t")
                scope["headers"][position] = (name, value)
            if name == b"host":
                hosts.append(value.lower())
            elif name == b"origin":
                origins.append(value.lower())
        path: str = scope["path"]
        if path not in PROBES and (len(hosts) != 1 or hosts[0] not in self.hosts):
            return PlainTextResponse("This host name is not served here.\n", status_code=421)
        if path.startswith(OPEN_PATHS) or all(origin in self.origins for origin in origins):
            return None
        return PlainTextResponse("Requests from this origin are refused.\n", status_code=403)


class ShortCut:
    """ASGI app: a few exact paths go straight to their door, everything else to the web framework.

    The framework's routing and middleware would cost an agent's call about as much as deciding it.
    """

    def __init__(self, app: ASGIApp, doors: Mapping[str, ASGIApp]) -> None:
        self.app, self.doors = app, doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self.doors.get(scope["path"], self.app) if scope["type"] == "http" else self.app
        await door(scope, receive, send)


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "127.0.0.1", "::1")
