"""Files of a host over SFTP (draft-ietf-secsh-filexfer-02): listed, read in part, written whole in one step."""

from __future__ import annotations

import difflib
import hashlib
import posixpath
import secrets
import stat
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

import asyncssh

from backends.base import Chunk, Column, Columns, Document, Done, Limits, Rows, Text
from backends.errors import UpstreamError

READ_BYTES = 65_536
MAX_OLD = 4_000_000  # bytes of a present file that is compared with the new content
COLUMNS = (
    Column("name", "text"),
    Column("kind", "text"),
    Column("size", "bigint"),
    Column("mode", "text"),
    Column("owner", "text"),
    Column("modified", "text"),
)
_KINDS = {stat.S_IFDIR: "folder", stat.S_IFREG: "file", stat.S_IFLNK: "link"}


async def read_file(
    sftp: asyncssh.SFTPClient, path: str, *, offset: int, most: int, limits: Limits
) -> AsyncGenerator[Chunk, None]:
    """The file as pieces of the channel `content`, then Done with its size in bytes as the outcome."""
    size = (await sftp.stat(path)).size or 0
    left = min(most, limits.max_bytes)
    async with sftp.open(path, "rb", encoding=None) as file:
        at = offset
        while left > 0 and (data := _raw(await file.read(min(READ_BYTES, left), at))):
            at, left = at + len(data), left - len(data)
            yield Text(data, "content")
    yield Done(outcome=f"{size} bytes", truncated="bytes" if at < size and left <= 0 else "")


async def list_folder(sftp: asyncssh.SFTPClient, path: str, *, limits: Limits) -> AsyncGenerator[Chunk, None]:
    """One row an entry, by name."""
    entries = sorted(await sftp.readdir(path), key=lambda entry: _text(entry.filename))
    rows = [_row(entry) for entry in entries if _text(entry.filename) not in (".", "..")]
    yield Columns(COLUMNS)
    yield Rows(rows[: limits.max_rows])
    yield Done(truncated="rows" if len(rows) > limits.max_rows else "")


def _row(entry: asyncssh.SFTPName) -> list[str | None]:
    attrs = entry.attrs
    mode = attrs.permissions or 0
    changed = datetime.fromtimestamp(attrs.mtime, UTC).isoformat(timespec="seconds") if attrs.mtime else None
    kind = _KINDS.get(stat.S_IFMT(mode), "other")
    return [_text(entry.filename), kind, str(attrs.size or 0), stat.filemode(mode), str(attrs.uid), changed]


def _text(name: bytes | str) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


async def preview_write(sftp: asyncssh.SFTPClient, path: str, content: str) -> AsyncGenerator[Chunk, None]:
    """What a write would change, as a unified diff in the channel `diff`."""
    old = await _present(sftp, path)
    lines = difflib.unified_diff(
        old.decode("utf-8", "replace").splitlines(keepends=True) if old is not None else [],
        content.splitlines(keepends=True),
        fromfile=path if old is not None else "nothing",
        tofile=path,
    )
    yield Text("".join(lines).encode(), "diff")
    yield Document({"estimated_rows": None})
    yield Done(outcome="planned")


async def write_file(
    sftp: asyncssh.SFTPClient, path: str, content: str, *, expected: str
) -> AsyncGenerator[Chunk, None]:
    """Written beside the file and moved into its place, so that nobody ever sees half of it."""
    old = await _present(sftp, path)
    if expected and hashlib.sha256(old or b"").hexdigest() != expected:
        words = "the file is not the one that was read: somebody changed it meanwhile"
        raise UpstreamError("conflict", words, words, exposes_data=False, remedy="Read it again and repeat the change.")
    folder, name = posixpath.split(path)
    beside = posixpath.join(folder, f".{name}.{secrets.token_hex(8)}")
    data = content.encode()
    try:
        async with sftp.open(beside, "xb", encoding=None) as file:
            await file.write(data)
        if old is not None:
            mode = (await sftp.stat(path)).permissions
            await sftp.setstat(beside, asyncssh.SFTPAttrs(permissions=stat.S_IMODE(mode or 0o600)))
        await sftp.posix_rename(beside, path)
    except BaseException:
        await _forget(sftp, beside)
        raise
    yield Done(outcome=f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}", affected=1)


def _raw(data: bytes | str) -> bytes:
    """Files are opened without an encoding, so this is bytes already; the library's types do not say so."""
    return data.encode() if isinstance(data, str) else data


async def _forget(sftp: asyncssh.SFTPClient, path: str) -> None:
    try:
        await sftp.remove(path)
    except asyncssh.Error:
        return


async def _present(sftp: asyncssh.SFTPClient, path: str) -> bytes | None:
    """The present content, None where there is no file. Raises UpstreamError for one that is too large to compare."""
    if not await sftp.exists(path):
        return None
    if ((await sftp.stat(path)).size or 0) > MAX_OLD:
        words = f"the present file is larger than {MAX_OLD} bytes"
        raise UpstreamError("limit", words, words, exposes_data=False, remedy="Change it with a command on the host.")
    async with sftp.open(path, "rb", encoding=None) as file:
        return _raw(await file.read())
