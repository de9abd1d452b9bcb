"""An open SSH server: the Upstream of one Resource."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import asyncssh

from backends.base import Chunk, ColumnSample, Document, Done, Health, Limits, Secrets, Wanted
from backends.errors import UpstreamError
from backends.ssh.address import read_address
from backends.ssh.commands import run_command
from backends.ssh.connection import Connections
from backends.ssh.parse import EXEC, LIST, PREVIEW, READ, WRITE
from backends.ssh.transfer import list_folder, preview_write, read_file, write_file
from catalog.model import Login, Resource
from policy.model import Operation, Query
from policy.permit import Permit

PLANNED = Document({"estimated_rows": None})


class SshUpstream:
    """Belongs to one event loop."""

    def __init__(self, resource: Resource, secrets: Secrets) -> None:
        self._resource = resource
        self._connections = Connections(read_address(resource.address), secrets)

    def execute(self, permit: Permit, *, limits: Limits, label: str) -> AsyncGenerator[Chunk, None]:
        """See `backends.base.Upstream`. The permit is spent by the call itself, not by the first chunk."""
        return self._run(permit.spend(), permit.login, limits)

    async def _run(self, query: Query, login: Login, limits: Limits) -> AsyncGenerator[Chunk, None]:
        operation, person = query.operation, query.identity.user
        if operation.verb == EXEC and PREVIEW in operation.options:
            yield PLANNED  # what a command would do is known by its facts; nothing of it can be tried
            yield Done(outcome="planned")
            return
        connection = await self._connections.get(login, person)
        async with self._connections.channels(login, person):
            chunks = self._command(connection, operation, limits, login) if operation.verb == EXEC else None
            async with aclosing(chunks or self._files(connection, operation, limits)) as source:
                async for chunk in source:
                    yield chunk

    def _command(
        self, connection: asyncssh.SSHClientConnection, operation: Operation, limits: Limits, login: Login
    ) -> AsyncGenerator[Chunk, None]:
        wish = float(operation.options.get("timeout", limits.timeout))
        bounded = Limits(limits.max_rows, limits.max_bytes, min(wish, limits.timeout))
        stdin = str(operation.parameters[0]) if operation.parameters else None
        return run_command(connection, operation.text, stdin=stdin, limits=bounded, root=login.user == "root")

    async def _files(
        self, connection: asyncssh.SSHClientConnection, operation: Operation, limits: Limits
    ) -> AsyncGenerator[Chunk, None]:
        try:
            async with (
                connection.start_sftp_client() as sftp,
                aclosing(_file_chunks(sftp, operation, limits)) as chunks,
            ):
                async for chunk in chunks:
                    yield chunk
        except asyncssh.SFTPError as error:
            words = f"the host says: {error.reason}"
            raise UpstreamError(
                "file", words, words, exposes_data=False, remedy="Check the path and its mode."
            ) from None
        except asyncssh.Error as error:
            raise UpstreamError("lost", f"the connection was lost: {error.reason}", "the connection was lost") from None

    async def dedicated(self, login: Login, person: str) -> asyncssh.SSHClientConnection:
        """A connection for one client of the native door alone. Raises UpstreamError."""
        return await self._connections.connect(login, person)

    async def scan(self, *, sample: int, wanted: Wanted | None = None) -> AsyncIterator[ColumnSample]:
        """A host has no columns to sample: what passes is looked at as it passes."""
        nothing: tuple[ColumnSample, ...] = ()
        for column in nothing:
            yield column

    async def check(self) -> list[Health]:
        """Every login once."""
        return [await self._check(login) for login in self._resource.logins]

    async def _check(self, login: Login) -> Health:
        try:
            connection = await self._connections.get(login, "warded doctor")
            version = connection.get_extra_info("server_version") or ""
        except UpstreamError as error:
            return Health(f"login {login.user}", ok=False, detail=error.safe, remedy=error.remedy)
        root = login.user == "root"
        detail = f"reached, {str(version)[:60]}" + (", as root" if root else "")
        remedy = "Give agents an account of their own, without the rights of root." if root else ""
        return Health(f"login {login.user}", ok=not root, detail=detail, remedy=remedy)

    async def close(self) -> None:
        await self._connections.close()


def _file_chunks(sftp: asyncssh.SFTPClient, operation: Operation, limits: Limits) -> AsyncGenerator[Chunk, None]:
    path, content = (str(value) for value in operation.parameters)
    options = operation.options
    if operation.verb == READ:
        most = int(options.get("max_bytes", limits.max_bytes))
        return read_file(sftp, path, offset=int(options.get("offset", 0)), most=most, limits=limits)
    if operation.verb == LIST:
        return list_folder(sftp, path, limits=limits)
    if operation.verb == WRITE and PREVIEW in options:
        return preview_write(sftp, path, content)
    if operation.verb == WRITE:
        return write_file(sftp, path, content, expected=options.get("expected_sha256", ""))
    raise UpstreamError("protocol", "unknown verb", "this verb is not known to the ssh backend", exposes_data=False)


def open_upstream(resource: Resource, secrets: Secrets) -> SshUpstream:
    """Raises ValueError for an address that cannot be used."""
    return SshUpstream(resource, secrets)
