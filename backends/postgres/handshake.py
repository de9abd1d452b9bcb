"""From an open transport to a connection that takes statements: StartupMessage, authentication, fixed statements."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from backends.door import end_point_hash
from backends.errors import WireError
from backends.postgres.address import Address, tls_context
from backends.postgres.connection import Connection, dial
from backends.postgres.failures import ConnectionLost, authentication, startup_error, unreachable
from backends.postgres.frontend import SYNC, bind, execute, parse, password, sasl_initial, sasl_response, startup
from backends.postgres.scram import (
    MECHANISM,
    MECHANISM_PLUS,
    AuthenticationFailed,
    Challenge,
    Exchange,
    Keys,
    derive,
    md5,
)
from backends.postgres.wire import Authentication, BackendKeyData, ErrorResponse, Message, ReadyForQuery

CONNECT_SECONDS = 10.0

BEGIN_READ, BEGIN, COMMIT, SESSION, VERIFY, CHANGED = "wr", "wb", "wc", "ws", "wv", "wn"

_STATE = (
    "pg_catalog.concat_ws('|', pg_catalog.current_setting('search_path'), pg_catalog.current_setting('row_security'),"
    " pg_catalog.current_setting('session_replication_role'),"
    " pg_catalog.current_setting('default_transaction_read_only'))"
)
"""What names mean, and which guards of the server are on."""

FIXED_STATEMENTS: Mapping[str, str] = {
    BEGIN_READ: "BEGIN READ ONLY",
    BEGIN: "BEGIN",
    COMMIT: "COMMIT",
    # Gives no row, so that it can fly along with a statement. The time-outs are the second line behind our own clock.
    SESSION: (
        "SELECT WHERE pg_catalog.concat(pg_catalog.set_config('application_name', $1, false),"
        " pg_catalog.set_config('statement_timeout', $2, false),"
        " pg_catalog.set_config('idle_in_transaction_session_timeout', $2, false)) IS NULL"
    ),
    # Gives no row; fails with 22P02 if the session is not as it was: $1 current_user, $2 session_user, $3 read only,
    # $4 what else a function could change for the next caller.
    VERIFY: (
        "SELECT WHERE CASE WHEN current_user::text OPERATOR(pg_catalog.=) $1 AND session_user::text"
        " OPERATOR(pg_catalog.=) $2 AND ($3 OPERATOR(pg_catalog.=) '' OR"
        " pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) $3)"
        f" AND {_STATE} OPERATOR(pg_catalog.=) $4 THEN NULL"
        " ELSE CAST(pg_catalog.concat('role ', current_user) AS pg_catalog.int4) END IS NOT NULL"
    ),
    # Rows that this transaction changed, those of triggers and cascades included; rises from an arbitrary start.
    CHANGED: (
        "SELECT coalesce(pg_catalog.sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::text"
        " FROM pg_catalog.pg_stat_xact_user_tables"
    ),
}


_WHO = parse("", f"SELECT current_user::text, session_user::text, {_STATE}") + bind("") + execute(0)
_WHO_BYTES = 10_000  # two names of up to 63 bytes, and a search_path


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in. `reference` is where the password comes from, for messages."""

    user: str
    password: str
    reference: str

    def __repr__(self) -> str:
        return f"Account({self.user!r})"


class KeyCache:
    """SCRAM keys by (user, salt, iterations): one login costs PBKDF2 once, not once a connection."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, bytes, int], tuple[str, Keys]] = {}

    async def get(self, account: Account, challenge: Challenge) -> Keys:
        index = (account.user, challenge.salt, challenge.iterations)
        secret, keys = self._keys.get(index, ("", None))
        if keys is None or secret != account.password:
            keys = await asyncio.to_thread(derive, account.password, challenge.salt, challenge.iterations)
            self._keys = {index: (account.password, keys)}
        return keys


async def connect(
    address: Address, account: Account, *, keys: KeyCache, application: str, settings: Mapping[str, str] | None = None
) -> Connection:
    """A connection that is ready, with the fixed statements prepared. With `settings` it is for a client of its own:
    they are set at start-up, and nothing is prepared. Raises UpstreamError."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            connection = await dial(address, tls_context(address) if address.encrypted else None)
            try:
                pinned = _settings(application) if settings is None else {**_settings(application), **settings}
                await _log_in(connection, address, account, keys=keys, settings=pinned)
                if settings is None:
                    await prepare_fixed(connection)
            except BaseException:
                connection.abort()
                raise
            return connection
    except TimeoutError:
        raise unreachable(address, f"no answer within {CONNECT_SECONDS:g} seconds") from None
    except ssl.SSLCertVerificationError as error:
        remedy = "Set sslrootcert to the file of the authority that signed it, or correct the host name."
        raise unreachable(address, f"its certificate is not trusted: {error.verify_message}", remedy=remedy) from None
    except ssl.SSLError:
        raise unreachable(address, "the TLS handshake failed") from None
    except OSError as error:
        raise unreachable(address, (error.strerror or "no such host").lower()) from None
    except (ConnectionLost, WireError) as error:
        raise unreachable(address, str(error)) from None
    except AuthenticationFailed as error:
        raise authentication(account.user, str(error), reference=account.reference) from None


async def prepare_fixed(connection: Connection, *, first: bytes = b"") -> None:
    """Prepare the fixed statements, after `first`, and note who the session is, which must stay so.

    Raises ConnectionLost if the server will not have them, or the session is somebody else by now.
    """
    data = b"".join(parse(name, text) for name, text in FIXED_STATEMENTS.items())
    reply = await connection.flight(first + data + _WHO + SYNC, budget=_WHO_BYTES)
    if reply.error is not None or len(reply.rows) != 1 or len(reply.rows[0]) != 3:
        raise ConnectionLost("the server refused a statement of ours", answered=True)
    current, session, state = reply.rows[0]
    identity = (current or "", session or "", state or "")
    if connection.identity not in (None, identity):
        raise ConnectionLost("the session is somebody else", answered=True)
    connection.identity = identity


def _settings(application: str) -> dict[str, str]:
    return {
        "application_name": application,
        "client_encoding": "UTF8",
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
        "standard_conforming_strings": "on",
    }


async def _log_in(
    connection: Connection, address: Address, account: Account, *, keys: KeyCache, settings: Mapping[str, str]
) -> None:
    connection.send(startup({"user": account.user, "database": address.database, **settings}))
    proof = _Proof(connection, address, account, keys)
    while True:
        message = await connection.next_message()
        match message:
            case Authentication():
                await proof.answer(message)
            case ReadyForQuery():
                connection.status = message.status
                break
            case BackendKeyData():
                connection.key = message
            case _:
                raise _unexpected(message, account)
    if connection.key is None:
        raise WireError("the server gave no key for cancelling")


def _unexpected(message: Message, account: Account) -> Exception:
    if isinstance(message, ErrorResponse):
        return startup_error(message, user=account.user, reference=account.reference)
    return WireError("an unexpected message while logging in")


class _Proof:
    """Answers Authentication requests. Once SASL has begun, only a server that signed is believed."""

    def __init__(self, connection: Connection, address: Address, account: Account, keys: KeyCache) -> None:
        self._connection, self._address, self._account, self._keys = connection, address, account, keys
        self._exchange: Exchange | None = None
        self._verified = False

    async def answer(self, request: Authentication) -> None:
        if request.kind == 0:
            if self._exchange is not None and not self._verified:
                raise AuthenticationFailed("the server skipped its own proof")
        elif not self._account.password:
            raise AuthenticationFailed("the server wants a password and none is configured")
        elif request.kind == 10:
            self._begin(request.data)
        elif request.kind in {11, 12} and self._exchange is not None:
            await self._go_on(self._exchange, request)
        elif request.kind in {3, 5} and self._exchange is None:
            self._connection.send(password(self._weak(request)))
        else:
            raise AuthenticationFailed(f"the server wants authentication method {request.kind}, which is not supported")

    def _weak(self, request: Authentication) -> str:
        if request.kind == 5:
            return md5(self._account.user, self._account.password, request.data[:4])
        if not self._address.verified:
            raise AuthenticationFailed("the server wants the password in clear, which needs sslmode=verify-full")
        return self._account.password

    def _begin(self, data: bytes) -> None:
        offered = [name.decode("ascii", "replace") for name in data.split(b"\0") if name]
        binding = _channel_binding(self._connection) if MECHANISM_PLUS in offered else None
        exchange = self._exchange = Exchange(nonce=secrets.token_urlsafe(18), binding=binding)
        if exchange.mechanism not in offered:
            raise AuthenticationFailed(f"the server offers no {MECHANISM}")
        self._connection.send(sasl_initial(exchange.mechanism, exchange.first()))

    async def _go_on(self, exchange: Exchange, request: Authentication) -> None:
        if request.kind == 12:
            exchange.verify(request.data)
            self._verified = True
            return
        challenge = exchange.challenge(request.data)
        self._connection.send(sasl_response(exchange.proof(challenge, await self._keys.get(self._account, challenge))))


def _channel_binding(connection: Connection) -> bytes | None:
    certificate = connection.certificate()
    return None if certificate is None else end_point_hash(certificate)
