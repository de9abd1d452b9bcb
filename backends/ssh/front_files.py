"""Files over the native door (SFTP, and `scp` over it): each is judged by itself, and looked at before it leaves.

What is read is fetched whole, up to a bound, and leaves only if nothing sensitive is found in it: a file cannot be
masked in part without breaking whoever reads it. What is written goes through as it comes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncssh
from asyncssh import FXF_APPEND, FXF_CREAT, FXF_EXCL, FXF_READ, FXF_TRUNC, FXF_WRITE

from backends.door import Outcome, Refusal, Warrant
from backends.errors import UpstreamError
from backends.ssh.parse import LIST, READ, WRITE, parse, parse_text
from policy.model import Operation

LARGEST_READ = 32 * 1024 * 1024
"""Bytes of a file that is looked at before it leaves; a larger one is refused."""


@dataclass(slots=True)
class Handle:
    """An open file: its content when it is read, the host's file when it is written."""

    warrant: Warrant
    content: bytes = b""
    remote: asyncssh.SFTPClientFile | None = None
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    failed: str = ""


class GuestFiles(asyncssh.SFTPServer):
    """One SFTP session of one client."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(chan)
        self._guest = chan.get_connection().get_extra_info("guest")
        self._client: asyncssh.SFTPClient | None = None
        self._starting = asyncio.Lock()

    async def _host(self) -> asyncssh.SFTPClient:
        async with self._starting:
            if self._client is None:
                try:
                    self._client = await (await self._guest.connect()).start_sftp_client()
                except UpstreamError as error:
                    raise asyncssh.SFTPFailure(error.safe) from None
            return self._client

    async def _begin(self, operation: Operation) -> Warrant:
        """A warrant. Raises SFTPPermissionDenied with the rules' reasons."""
        answer = await self._guest.visit.begin(operation, tell=lambda words: None)
        if isinstance(answer, Refusal):
            words = " ".join(filter(None, (answer.message, answer.detail, answer.hint)))
            raise asyncssh.SFTPPermissionDenied(words)
        found: Warrant = answer
        return found

    async def _done(self, command: str, action: Any) -> None:
        """Something that a command line would say as well: judged as that line, then done."""
        warrant = await self._begin(parse_text(command))
        status = "failed"
        try:
            await action(await self._host())
            status = "ok"
        finally:
            await warrant.close(Outcome(status, affected=1 if status == "ok" else 0))

    # Looking

    async def realpath(self, path: bytes) -> bytes:
        return await (await self._host()).realpath(path)

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return await (await self._host()).stat(path)

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return await (await self._host()).lstat(path)

    async def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        handle = _handle(file_obj)
        if handle.remote is not None:
            return await handle.remote.stat()
        return asyncssh.SFTPAttrs(size=len(handle.content), permissions=0o100600)

    async def readlink(self, path: bytes) -> bytes:
        return await (await self._host()).readlink(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        warrant = await self._begin(parse(LIST, {"resource": "-", "path": _text(path)}))
        rows = 0
        try:
            async for entry in (await self._host()).scandir(path):
                rows += 1
                yield asyncssh.SFTPName(_raw(entry.filename), _raw(entry.longname or b""), entry.attrs)
        finally:
            await warrant.close(Outcome("ok", rows=rows))

    # Files

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & FXF_WRITE:
            return await self._open_write(path, pflags, attrs)
        warrant = await self._begin(parse(READ, {"resource": "-", "path": _text(path)}))
        handle = Handle(warrant)
        try:
            handle.content = await self._fetched(path)
            await self._look(handle)
        except BaseException:
            await warrant.close(Outcome("failed", error_code=handle.failed or "file"))
            raise
        return handle

    async def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
        raise asyncssh.SFTPOpUnsupported("SFTP version 3 is spoken here")

    async def _open_write(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Handle:
        warrant = await self._begin(parse(WRITE, {"resource": "-", "path": _text(path), "content": ""}))
        wanted = pflags & (FXF_READ | FXF_WRITE | FXF_APPEND | FXF_CREAT | FXF_TRUNC | FXF_EXCL)
        try:
            remote = await (await self._host()).open(path, wanted, attrs, encoding=None)
        except BaseException:
            await warrant.close(Outcome("failed", error_code="file"))
            raise
        return Handle(warrant, remote=remote)

    async def _fetched(self, path: bytes) -> bytes:
        host = await self._host()
        if ((await host.stat(path)).size or 0) > LARGEST_READ:
            raise asyncssh.SFTPPermissionDenied(f"files over {LARGEST_READ} bytes are not looked at, so none leaves")
        async with host.open(path, "rb", encoding=None) as file:
            data = await file.read(LARGEST_READ + 1)
        if len(data) > LARGEST_READ:
            raise asyncssh.SFTPPermissionDenied("the file grew while it was read")
        return _raw(data)

    async def _look(self, handle: Handle) -> None:
        """Raises SFTPPermissionDenied where something sensitive is in it."""
        masker = handle.warrant.stream()
        await asyncio.to_thread(lambda: (masker.feed(handle.content), masker.close()))
        if masker.counts:
            handle.failed = "labels"
            labels = ", ".join(sorted(label.value for label in masker.counts))
            raise asyncssh.SFTPPermissionDenied(f"the file holds {labels}; read it with cat, then it comes masked")

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        handle = _handle(file_obj)
        if handle.remote is not None:
            data = await handle.remote.read(size, offset)
            return _raw(data)
        piece = handle.content[offset : offset + size]
        handle.size += len(piece)
        return piece

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        handle = _handle(file_obj)
        if handle.remote is None:
            raise asyncssh.SFTPPermissionDenied("the file was opened for reading")
        handle.digest.update(data)
        handle.size += len(data)
        await handle.remote.write(data, offset)
        return len(data)

    async def close(self, file_obj: object) -> None:
        handle = _handle(file_obj)
        if handle.remote is not None:
            await handle.remote.close()
        await handle.warrant.close(Outcome("ok", bytes=handle.size, affected=1 if handle.remote is not None else None))

    async def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        handle = _handle(file_obj)
        if handle.remote is not None:
            await handle.remote.setstat(attrs)

    # Changes

    async def remove(self, path: bytes) -> None:
        await self._done(f"rm -- {_quoted(path)}", lambda host: host.remove(path))

    async def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        await self._done(f"mkdir -- {_quoted(path)}", lambda host: host.mkdir(path, attrs))

    async def rmdir(self, path: bytes) -> None:
        await self._done(f"rmdir -- {_quoted(path)}", lambda host: host.rmdir(path))

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self._done(f"mv -- {_quoted(oldpath)} {_quoted(newpath)}", lambda host: host.rename(oldpath, newpath))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        line = f"mv -- {_quoted(oldpath)} {_quoted(newpath)}"
        await self._done(line, lambda host: host.posix_rename(oldpath, newpath))

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        mode = f"{(attrs.permissions or 0) & 0o7777:o}"
        line = f"chmod {mode} -- {_quoted(path)}" if attrs.permissions is not None else f"touch -- {_quoted(path)}"
        await self._done(line, lambda host: host.setstat(path, attrs))

    async def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        await self._done(f"ln -s -- {_quoted(oldpath)} {_quoted(newpath)}", lambda host: host.symlink(oldpath, newpath))

    async def link(self, oldpath: bytes, newpath: bytes) -> None:
        await self._done(f"ln -- {_quoted(oldpath)} {_quoted(newpath)}", lambda host: host.link(oldpath, newpath))

    async def exit(self) -> None:
        """OpenSSH's scp takes the end of the channel without a status for a failure."""
        if self._client is not None:
            self._client.exit()
        self.channel.exit(0)


def _handle(file_obj: object) -> Handle:
    assert isinstance(file_obj, Handle)
    return file_obj


def _raw(name: bytes | str) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _quoted(path: bytes) -> str:
    """For a command line that only the parser reads; a name with a quote in it is quoted as the shell would."""
    import shlex

    return shlex.quote(_text(path))
