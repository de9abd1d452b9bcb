"""The PostgreSQL door of one listener: every connection from its first byte to its end, and whom a cancel key means."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from backends.door import Front, Pipe, Reception, Visit
from backends.errors import UpstreamError, WireError
from backends.postgres.failures import ConnectionLost
from backends.postgres.front import Startup
from backends.postgres.front_login import ALPN, Entrance, Rejected, Request
from backends.postgres.front_parse import SessionParser
from backends.postgres.front_replies import error, key_data, parameter_status, ready
from backends.postgres.front_session import Session
from backends.postgres.front_target import Target
from backends.postgres.front_words import upstream_error
from backends.postgres.wire import BackendKeyData

KEY_BYTES, LONG_KEY_BYTES = 4, 32  # protocol 3.0 has room for four only


class PostgresHall:
    """Sessions of one listener. `cancels` finds the session that a CancelRequest quotes."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._parser = SessionParser()
        self._targets: dict[tuple[str, str], Target] = {}
        self._cancels: dict[int, tuple[bytes, Session]] = {}

    async def serve(self, pipe: Pipe, authenticated: Callable[[], None]) -> None:
        """One client. Whatever it sends, nobody else is concerned."""
        try:
            entrance = Entrance(pipe, self._reception)
            asked = await entrance.opening()
            if isinstance(asked, BackendKeyData):
                self._cancel(asked)
            elif isinstance(asked, Startup):
                request, visit = await entrance.log_in(asked)
                authenticated()
                await self._stay(pipe, request, visit)
        except Rejected as rejected:
            pipe.write(rejected.reply)
        except WireError as broken:
            pipe.write(error("08P01", f"the client broke the protocol: {broken}", fatal=True))

    def _cancel(self, asked: BackendKeyData) -> None:
        """Nothing is answered, whether or not the key is right."""
        key, session = self._cancels.get(asked.pid, (b"", None))
        if session is not None and hmac.compare_digest(key, asked.key):
            session.cancel()

    async def _stay(self, pipe: Pipe, request: Request, visit: Visit) -> None:
        target = self._target(visit)
        session = Session(pipe, visit, target, self._parser)
        key = self._new_key(request.minor)
        self._cancels[key.pid] = key.key, session
        try:
            connection = await target.open(label=visit.label, settings=request.settings)
            parameters = dict(connection.parameters)
            await session.attach(connection)
            told = {**parameters, "application_name": request.application or parameters.get("application_name", "")}
            reports = b"".join(parameter_status(name, value) for name, value in told.items())
            pipe.write(reports + key_data(key) + ready("I"))
            await session.run()
        except UpstreamError as failed:
            session.reason = failed.safe
            pipe.write(upstream_error(failed, fatal=True))
        except ConnectionLost:
            session.reason = "the server was lost"
            pipe.write(error("08006", "the connection to the server was lost", fatal=True))
        finally:
            del self._cancels[key.pid]
            await visit.close(session.reason)

    def _target(self, visit: Visit) -> Target:
        index = visit.resource.name, visit.login.user
        if index not in self._targets:
            self._targets[index] = Target(visit.upstream, visit.login)
        return self._targets[index]

    def _new_key(self, minor: int) -> BackendKeyData:
        while True:
            pid = secrets.randbelow(2**31 - 1) + 1
            if pid not in self._cancels:
                return BackendKeyData(pid, secrets.token_bytes(LONG_KEY_BYTES if minor >= 2 else KEY_BYTES))


FRONT = Front(protocol="postgres", port=5432, alpn=ALPN, open=PostgresHall)
