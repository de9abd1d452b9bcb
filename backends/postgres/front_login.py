"""A client's way in: encryption, start-up, and who it is. Ends in a Visit or in one FATAL error.

User names choose the proof: `ann` sends a password in clear (her token, or a native credential) over TLS or loopback;
`ann~x7` proves the native credential x7 by SCRAM-SHA-256; `ann~oauth` sends a bearer token (OAUTHBEARER, RFC 7628). A
client certificate that names the user needs nothing more. PostgreSQL manual, "Start-up", "SASL Authentication".
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from backends.door import LoginRefused, Pipe, Reception, Visit
from backends.errors import WireError
from backends.postgres.front import (
    MAX_STARTUP,
    NEWEST_MINOR,
    TLS_HANDSHAKE,
    Ask,
    ClientReader,
    Opening,
    Startup,
    opening,
)
from backends.postgres.front_messages import password_text, sasl_initial, sasl_response
from backends.postgres.front_replies import (
    ASK_PASSWORD,
    AUTHENTICATED,
    ask_sasl,
    error,
    negotiate,
    sasl_continue,
    sasl_final,
)
from backends.postgres.front_scram import ServerExchange
from backends.postgres.scram import AuthenticationFailed
from backends.postgres.settings import DISPLAY_SETTINGS
from backends.postgres.wire import BackendKeyData

ALPN = ("postgresql",)
OAUTHBEARER = "OAUTHBEARER"
BY_TOKEN = "oauth"

_UTF8 = frozenset({"utf8", "utf-8", "unicode"})
_OWN = frozenset({"user", "database", "options", "replication", "application_name", "client_encoding"})
_OPTION = re.compile(r"(?:-c\s*|--)([A-Za-z_][\w.-]*)=((?:\\.|[^\s\\])*)\s*")


class Rejected(Exception):
    """The client is told `reply` and hung up on."""

    def __init__(self, reply: bytes) -> None:
        super().__init__("rejected")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants to go where, with which settings of its session."""

    user: str
    resource: str
    settings: Mapping[str, str]
    minor: int
    application: str


class Entrance:
    """The first messages of one connection, up to the answer whether it may come in."""

    def __init__(self, pipe: Pipe, reception: Reception) -> None:
        self._pipe, self._reception = pipe, reception
        self._reader = ClientReader()
        self._waiting: list[tuple[int, bytes]] = []

    async def opening(self) -> Startup | BackendKeyData | None:
        """What the client wants, once the way is protected; None if it left. Raises Rejected, WireError, OSError."""
        data, asked = b"", 0
        while True:
            if data and data[0] == TLS_HANDSHAKE and not self._pipe.peer.encrypted and not asked:
                await self._direct_tls(data)
                data = b""
                continue
            found = opening(data)
            if found is None:
                more = await self._pipe.read()
                if not more:
                    return None
                data += more
                if len(data) > 2 * MAX_STARTUP:
                    raise WireError("a startup packet that does not end")
                continue
            data, message = data[found.size :], found.message
            if not isinstance(message, Ask):
                self._pipe.unread(data)
                return self._checked(message)
            asked += 1
            if asked > 2 or data:  # bytes sent before the answer come from somebody in between (CVE-2021-23214)
                raise Rejected(error("08P01", "unencrypted data after a request for encryption", fatal=True))
            await self._encrypt(message)

    async def _direct_tls(self, first: bytes) -> None:
        if not self._pipe.tls_offered:
            raise WireError("a TLS handshake where none is offered")
        await self._pipe.start_tls(alpn=ALPN, first=first)
        if self._pipe.peer.alpn not in ALPN:  # without it other protocols' clients could be talked into this
            raise WireError("direct TLS without its ALPN")

    async def _encrypt(self, asked: Ask) -> None:
        if asked is Ask.TLS and self._pipe.tls_offered and not self._pipe.peer.encrypted:
            self._pipe.write(b"S")
            await self._pipe.start_tls(alpn=ALPN)
        else:
            self._pipe.write(b"N")

    def _checked(self, message: Opening) -> Startup | BackendKeyData:
        peer = self._pipe.peer
        if isinstance(message, Startup) and not (peer.encrypted or peer.local):
            hint = "Connect with sslmode=require or stricter."
            raise Rejected(error("28000", "this door is open to encrypted connections only", hint=hint, fatal=True))
        assert not isinstance(message, Ask)
        return message

    async def log_in(self, startup: Startup) -> tuple[Request, Visit]:
        """Raises Rejected; LoginRefused becomes the same words whatever was wrong."""
        request = read_request(startup)
        if startup.minor > NEWEST_MINOR or startup.options:
            self._pipe.write(negotiate(min(startup.minor, NEWEST_MINOR), startup.options))
        try:
            visit = await self._prove(request)
        except LoginRefused as refused:
            words = f"log-in of user {request.user!r} to {request.resource!r} was refused"
            raise Rejected(error("28P01", words, hint=str(refused), fatal=True)) from None
        self._pipe.write(AUTHENTICATED)
        return request, visit

    async def _prove(self, request: Request) -> Visit:
        peer, (name, _, proof) = self._pipe.peer, request.user.partition("~")
        if peer.certificate is not None and not proof:
            visit = await self._reception.by_certificate(name, request.resource, peer)
            if visit is not None:
                return visit
        if proof == BY_TOKEN:
            return await self._by_token(name, request)
        if proof:
            return await self._by_scram(request)
        self._pipe.write(ASK_PASSWORD)
        password = password_text(await self._answer())
        return await self._reception.by_password(name, request.resource, peer, password=password)

    async def _by_scram(self, request: Request) -> Visit:
        peer = self._pipe.peer
        verifier = await self._reception.verifier(request.user, request.resource, peer)
        exchange = ServerExchange(verifier, nonce=secrets.token_urlsafe(18), binding=peer.binding)
        self._pipe.write(ask_sasl(exchange.mechanisms))
        proven, last = False, b""
        try:
            asked = sasl_initial(await self._answer())
            self._pipe.write(sasl_continue(exchange.first(asked.mechanism, asked.response or b"")))
            last = exchange.final(sasl_response(await self._answer()))
            proven = True
        except AuthenticationFailed:
            pass  # said by by_scram, which takes its time
        visit = await self._reception.by_scram(request.user, request.resource, peer, proven=proven)
        self._pipe.write(sasl_final(last))
        return visit

    async def _by_token(self, name: str, request: Request) -> Visit:
        """RFC 7628 section 3: an empty token asks where to get one, which is answered before the attempt fails."""
        self._pipe.write(ask_sasl((OAUTHBEARER,)))
        asked = sasl_initial(await self._answer())
        if asked.mechanism != OAUTHBEARER:
            raise LoginRefused("")
        token = bearer_of(asked.response or b"")
        try:
            if not token:
                raise LoginRefused("")
            return await self._reception.by_token(name, request.resource, self._pipe.peer, token=token)
        except LoginRefused:
            where = {"openid-configuration": self._reception.discovery_url, "scope": self._reception.scope}
            self._pipe.write(sasl_continue(json.dumps({"status": "invalid_token", **where}).encode()))
            await self._answer()  # a lone %x01, by which the client says that it has read this
            raise

    async def _answer(self) -> bytes:
        """The client's next message, which has to be an answer to an Authentication request."""
        while not self._waiting:
            data = await self._pipe.read()
            if not data:
                raise WireError("the client left while it logged in")
            self._waiting = self._reader.feed(data)
        (kind, message), *self._waiting = self._waiting
        if kind != 112 or self._waiting:
            raise WireError("something else than an answer to the log-in")
        return message


def bearer_of(response: bytes) -> str:
    """The token of an OAUTHBEARER client response (RFC 7628 section 3.1); "" = none. Raises LoginRefused."""
    try:
        header, *pairs = response.decode("ascii").split("\x01")
    except UnicodeDecodeError:
        raise LoginRefused("") from None
    values = [pair[5:] for pair in pairs if pair.startswith("auth=")]
    if not header.startswith(("n,", "y,")) or len(values) != 1 or pairs[-2:] != ["", ""]:
        raise LoginRefused("")
    scheme, _, token = values[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def read_request(startup: Startup) -> Request:
    """Raises Rejected for what a session of this door cannot have."""
    given = startup.parameters
    user = given.get("user", "")
    if not user:
        raise Rejected(error("28000", "no user name was sent", fatal=True))
    if given.get("replication", "off").lower() not in {"off", "false", "no", "0"}:
        raise Rejected(error("0A000", "replication connections are not served", fatal=True))
    if given.get("client_encoding", "utf8").strip("'\" ").lower() not in _UTF8:
        hint = "Set PGCLIENTENCODING=UTF8."
        raise Rejected(error("0A000", "this door speaks UTF-8 only", hint=hint, fatal=True))
    asked = {name: value for name, value in given.items() if name not in _OWN} | _options(given.get("options", ""))
    settings = {}
    for name, value in asked.items():
        if name.lower() not in DISPLAY_SETTINGS:
            words = f"the setting {name!r} is not one that a client may choose"
            raise Rejected(error("42501", words, hint="Leave it out of the connection string.", fatal=True))
        settings[name] = value
    application = given.get("application_name", "")
    return Request(user, given.get("database") or user, settings, min(startup.minor, NEWEST_MINOR), application)


def _options(text: str) -> dict[str, str]:
    """`-c name=value` and `--name=value`, as a server splits them; anything else is refused."""
    found, at = {}, 0
    text = text.strip()
    while at < len(text):
        match = _OPTION.match(text, at)
        if match is None:
            words = "only -c name=value may stand in the options of a connection"
            raise Rejected(error("42501", words, fatal=True))
        found[match[1].replace("-", "_")] = re.sub(r"\\(.)", r"\1", match[2])
        at = match.end()
    return found
