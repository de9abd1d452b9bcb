"""SSH's native door: people's own `ssh`, `scp` and `sftp` work under the account that policy gives them.

asyncssh speaks the protocol on both sides (RFC 4251 to 4254). Who is let in is the reception's business, what may run
the visit's; this file only brings channels together.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

import asyncssh

from backends.door import LoginRefused, Peer, Pipe, Reception, Visit
from backends.ssh.front_files import GuestFiles
from backends.ssh.front_session import serve_session

READ_BYTES = 65_536
KEEPALIVE_SECONDS = 30.0
PROMPT = "Token (warded token create): "
GUEST = "guest"


class Guest(asyncssh.SSHServer):
    """One client from the first byte to the last. The user name is `person%resource`."""

    def __init__(self, reception: Reception, peer: Peer, authenticated: Callable[[], None]) -> None:
        self._reception, self._peer, self._authenticated = reception, peer, authenticated
        self._connection: asyncssh.SSHServerConnection | None = None
        self.visit: Visit | None = None
        self.upstream: asyncio.Task[asyncssh.SSHClientConnection] | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        conn.set_extra_info(**{GUEST: self})

    def connection_lost(self, exc: Exception | None) -> None:
        if self.upstream is not None:
            self.upstream.add_done_callback(_abort)
        self.upstream = None

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        return await self._enter(username, password)

    def kbdint_auth_supported(self) -> bool:
        return True

    async def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "Warded", "", "", [(PROMPT, False)]

    async def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        return len(responses) == 1 and await self._enter(username, responses[0])

    async def _enter(self, username: str, proof: str) -> bool:
        user, _, resource = username.partition("%")
        try:
            self.visit = await self._reception.by_password(user, resource, self._peer, password=proof)
        except LoginRefused as refused:
            if self._connection is not None:
                self._connection.send_auth_banner(f"{refused} Log in as person%resource.\n")
            return False
        return True

    def auth_completed(self) -> None:
        self._authenticated()
        if self.visit is not None:
            self.visit.on_end(self._leave)

    def _leave(self, words: str) -> None:
        if self._connection is not None:
            self._connection.disconnect(asyncssh.DISC_BY_APPLICATION, words)

    async def connect(self) -> asyncssh.SSHClientConnection:
        """The one connection to the host that all channels of this client share. Raises UpstreamError."""
        assert self.visit is not None
        if self.upstream is None:
            upstream, login, user = self.visit.upstream, self.visit.login, self.visit.user
            self.upstream = asyncio.ensure_future(upstream.dedicated(login, user))  # type: ignore[attr-defined]
        return await asyncio.shield(self.upstream)


def _abort(task: asyncio.Task[asyncssh.SSHClientConnection]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().abort()


class SshHall:
    """See `backends.door.Hall`. `host_keys` are private keys in OpenSSH's form."""

    def __init__(self, reception: Reception, host_keys: Sequence[str]) -> None:
        self._reception = reception
        self._keys = [asyncssh.import_private_key(key) for key in host_keys]

    async def serve(self, pipe: Pipe, authenticated: Callable[[], None]) -> None:
        """The bytes go through a pair of sockets to asyncssh, so that the listener's bounds hold here too."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        guest = Guest(self._reception, pipe.peer, authenticated)
        pumps = [asyncio.create_task(_inward(pipe, ours)), asyncio.create_task(_outward(ours, pipe))]
        try:
            connection = await asyncssh.run_server(
                theirs,
                server_factory=lambda: guest,
                server_host_keys=self._keys,
                process_factory=serve_session,
                sftp_factory=GuestFiles,
                allow_scp=True,
                encoding=None,
                line_editor=False,
                config=None,
                server_version="Warded",
                keepalive_interval=KEEPALIVE_SECONDS,
                login_timeout=0,
                agent_forwarding=False,
                x11_forwarding=False,
                gss_host=None,
            )
            await connection.wait_closed()
        except (asyncssh.Error, OSError):
            return  # it never logged in, or has gone
        finally:
            for pump in pumps:
                pump.cancel()
            ours.close()
            if guest.visit is not None:
                await guest.visit.close("")


async def _inward(pipe: Pipe, ours: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await pipe.read():
            await loop.sock_sendall(ours, data)
        ours.shutdown(socket.SHUT_WR)


async def _outward(ours: socket.socket, pipe: Pipe) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while data := await loop.sock_recv(ours, READ_BYTES):
            pipe.write(data)
            await pipe.drain()
