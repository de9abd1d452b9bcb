"""Running one command: its output as chunks, within bounds, and nothing left running that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import asyncssh

from backends.base import Chunk, Done, Limits, Text
from backends.errors import UpstreamError

READ_BYTES = 65_536
QUEUED = 16  # pieces that may wait for the reader; then the host is not read from any more
END_SECONDS = 2.0


async def run_command(
    connection: asyncssh.SSHClientConnection, command: str, *, stdin: str | None, limits: Limits
) -> AsyncGenerator[Chunk, None]:
    """Text for each piece of stdout and stderr as it comes, then Done with the exit status. Raises UpstreamError.

    Closing the iterator ends the command.
    """
    process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(command, encoding=None)
    pieces: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(QUEUED)
    tasks = [
        asyncio.create_task(_pump(process.stdout, "stdout", pieces)),
        asyncio.create_task(_pump(process.stderr, "stderr", pieces)),
        asyncio.create_task(_feed(process, stdin)),
    ]
    try:
        async with asyncio.timeout(limits.timeout):
            truncated, taken, open_channels = "", 0, 2
            while open_channels and not truncated:
                channel, data = await pieces.get()
                if not data:
                    open_channels -= 1
                    continue
                room = limits.max_bytes - taken
                taken += len(data)
                truncated = "bytes" if taken > limits.max_bytes else ""
                yield Text(data[:room], channel)
            if not truncated:
                await process.wait_closed()
        yield Done(outcome=_outcome(process, truncated), truncated=truncated)
    except TimeoutError:
        raise UpstreamError(
            "timeout",
            f"the command ran longer than {limits.timeout:g} s and was ended",
            "the command ran too long and was ended",
            exposes_data=False,
            remedy="Make it do less, or ask for a longer time limit.",
        ) from None
    except asyncssh.Error as error:
        raise UpstreamError("lost", f"the connection was lost: {error.reason}", "the connection was lost") from None
    finally:
        await _end(process, tasks)


async def _pump(reader: asyncssh.SSHReader[bytes], channel: str, pieces: asyncio.Queue[tuple[str, bytes]]) -> None:
    """Everything of one channel into the queue, then an empty piece."""
    try:
        while data := await reader.read(READ_BYTES):
            await pieces.put((channel, data))
    finally:
        await pieces.put((channel, b""))


async def _feed(process: asyncssh.SSHClientProcess[bytes], stdin: str | None) -> None:
    try:
        if stdin:
            process.stdin.write(stdin.encode("utf-8", "surrogateescape"))
            await process.stdin.drain()
        process.stdin.write_eof()
    except (OSError, asyncssh.Error):
        return  # the command ended without reading all of its input


async def _end(process: asyncssh.SSHClientProcess[bytes], tasks: list[asyncio.Task[None]]) -> None:
    """The command is told to end, and the channel is closed in any case."""
    for task in tasks:
        task.cancel()
    if process.returncode is None and not process.is_closing():
        with suppress(OSError, asyncssh.Error):  # a server that takes no signals: closing the channel must do
            process.kill()
    process.close()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait_closed()
    except (TimeoutError, asyncssh.Error):
        return


def _outcome(process: asyncssh.SSHClientProcess[bytes], truncated: str) -> str:
    if truncated:
        return "ended: too much output"
    if process.exit_signal:
        return f"signal {process.exit_signal[0]}"
    return "unknown" if process.exit_status is None else str(process.exit_status)
