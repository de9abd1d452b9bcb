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
    connection: asyncssh.SSHClientConnection, command: str, *, stdin: str | None, limits: Limits, root: bool = False
) -> AsyncGenerator[Chunk, None]:
    """Text for each piece of stdout and stderr as it comes, then Done with the exit status. Raises UpstreamError.

    Closing the iterator ends the command. For the account root OpenSSH delivers no signals (RFC 4254 §6.9 is served by
    its unprivileged half only), so there the shell tells its process number first, for a `kill` of its own.
    """
    sent = f"echo $$ >&2; {command}" if root else command
    process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(sent, encoding=None)
    leader = await _leader(process) if root else 0
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
        if leader and process.exit_status is None and process.exit_signal is None:
            await _kill(connection, leader)


async def _leader(process: asyncssh.SSHClientProcess[bytes]) -> int:
    """The process number that the shell tells on its first line of errors; 0 for a shell that did not."""
    with suppress(TimeoutError, asyncssh.Error):
        async with asyncio.timeout(END_SECONDS):
            line = await process.stderr.readline()
            return int(line) if line.strip().isdigit() else 0
    return 0


async def _kill(connection: asyncssh.SSHClientConnection, leader: int) -> None:
    """Ends the whole process group: a session without a terminal is one."""
    with suppress(TimeoutError, OSError, asyncssh.Error):
        async with asyncio.timeout(END_SECONDS):
            await connection.run(f"kill -KILL -- -{leader}", check=False)


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
