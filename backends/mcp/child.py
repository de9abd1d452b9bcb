"""An MCP server as a child process: newline-delimited JSON over its standard streams (MCP 2025-11-25, stdio transport).

It gets the argument list as it stands in the configuration (no shell), an environment of its own, a process group of
its own, and where configured another user and folder. What it writes is bounded; its error stream is not kept.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import structlog
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from backends.errors import UpstreamError

log = structlog.get_logger("warded.mcp")

MAX_LINE = 16 << 20
MAX_UNASKED = 64 << 20
"""Bytes that it may write without being asked anything in between."""
PATIENCE_SECONDS = 2.0
PATH = "/usr/local/bin:/usr/bin:/bin"
Streams = tuple[Any, Any]


@asynccontextmanager
async def run_child(
    command: tuple[str, ...], *, environment: Mapping[str, str], directory: str = "", user: str = ""
) -> AsyncGenerator[Streams, None]:
    """The streams of a running child, as the SDK wants them; on leaving it is gone. Raises UpstreamError."""
    process = await asyncio.to_thread(_start, command, environment, directory, user)
    try:
        async with _pipes(process) as (reader, writer), _pumps(reader, writer) as streams:
            yield streams
    finally:
        with anyio.CancelScope(shield=True):
            await asyncio.to_thread(_stop, process)


def _start(
    command: tuple[str, ...], environment: Mapping[str, str], directory: str, user: str
) -> subprocess.Popen[bytes]:
    who: dict[str, Any] = {}
    if user:
        if os.geteuid() != 0:
            raise _refused("mcp.user needs the gateway to run as root", "Leave mcp.user out, or start it as root.")
        who = _account(user)
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": PATH, "LANG": "C.UTF-8", **environment},
            cwd=directory or "/",
            start_new_session=True,
            close_fds=True,
            **who,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        words = f"the server's program does not start: {type(error).__name__}"
        raise _refused(words, "Check mcp.command (an absolute path), mcp.directory and mcp.user.") from None


def _account(user: str) -> dict[str, Any]:
    import pwd

    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise _refused("mcp.user is no account of this machine", "Name an account that exists.") from None
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Closed input is the word to go (MCP 2025-11-25, lifecycle, shutdown); then signals, to all that it started."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    for sign in (None, signal.SIGTERM, signal.SIGKILL):
        if sign is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
            break
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # children that it left behind


@asynccontextmanager
async def _pipes(
    process: subprocess.Popen[bytes],
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE)
    reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), process.stdout)
    try:
        writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, process.stdin)
        try:
            yield reader, asyncio.StreamWriter(writing, protocol, None, loop)
        finally:
            writing.abort()
    finally:
        reading.close()


@asynccontextmanager
async def _pumps(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncGenerator[Streams, None]:
    """Between the pipes and the SDK's streams. When either side ends, both do, and the session sees it."""
    to_session, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, from_session = anyio.create_memory_object_stream[SessionMessage](0)
    unasked = 0

    async def read() -> None:
        nonlocal unasked
        async with to_session:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, ValueError, OSError):
                while line := await reader.readline():  # ValueError: a line longer than the limit
                    unasked += len(line)
                    if unasked > MAX_UNASKED:
                        log.warning("an MCP server wrote without end and was stopped")
                        return
                    if (message := _message(line)) is not None:
                        await to_session.send(message)

    async def write() -> None:
        nonlocal unasked
        async with from_session:
            with suppress(OSError, RuntimeError):
                async for message in from_session:
                    unasked = 0
                    writer.write(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                    await writer.drain()
        to_session.close()

    async with anyio.create_task_group() as tasks, read_stream, write_stream:
        tasks.start_soon(read)
        tasks.start_soon(write)
        try:
            yield read_stream, write_stream
        finally:
            tasks.cancel_scope.cancel()


def _message(line: bytes) -> SessionMessage | None:
    """None for a line that is no message: some servers print what they should not."""
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None


def _refused(words: str, remedy: str) -> UpstreamError:
    return UpstreamError("unreachable", words, words, exposes_data=False, remedy=remedy)
