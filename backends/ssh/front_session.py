"""One session channel: a command or a shell, judged first, then joined with one at the host, masked on its way.

A command that speaks a protocol of its own over its input and output (`rsync`, `git`, `scp -O`) is not masked: it is a
transfer, and policy says who may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import asyncssh

from backends.door import Outcome, Refusal, Terminal, Warrant
from backends.errors import UpstreamError
from backends.ssh.parse import EXEC, parse_text, shell_operation
from catalog.stream import StreamMasker
from policy.effects import Effect
from policy.model import Action, Operation

READ_BYTES = 32_768
IDLE_SECONDS = 0.04
"""After which a prompt or another unfinished line is shown; half of what a person notices."""
REFUSED, UNAVAILABLE = 126, 255
_PROTOCOLS = ("rsync --server", "git-upload-pack ", "git-receive-pack ", "git-upload-archive ", "scp -", "sftp-server")


async def serve_session(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """The whole life of one channel. Ends it in any case."""
    guest = process.get_extra_info("connection").get_extra_info("guest")
    visit = guest.visit
    operation = session_operation(process.command, subsystem=process.subsystem)
    try:
        answer = await visit.begin(operation, tell=lambda words: _say(process, words))
        if isinstance(answer, Refusal):
            _refuse(process, answer)
            return
        await _run(process, operation, answer, guest.connect)
    except UpstreamError as error:
        _say(process, f"{error.safe}. {error.remedy}")
        process.exit(UNAVAILABLE)
    except (asyncssh.Error, OSError):
        process.close()


def session_operation(command: str | None, *, subsystem: str | None) -> Operation:
    """What a channel asks for. A protocol inside a command is a transfer, whatever its program."""
    if subsystem:
        operation = parse_text("")
        return replace(operation, text=f"subsystem {subsystem}", problem=f"the subsystem {subsystem} is not served")
    if not command:
        return shell_operation()
    if is_protocol(command):
        targets = parse_text(command).targets
        return Operation("ssh", EXEC, command, actions=frozenset({Action.TRANSFER}), targets=targets,
                         effects=frozenset({Effect.NETWORK_SEND.value}))  # fmt: skip
    return parse_text(command)


def is_protocol(command: str) -> bool:
    """Plain words only: a command line with anything of the shell in it is judged as one."""
    plain = not any(mark in command for mark in ';|&<>$`(){}\n\\"')
    return plain and command.startswith(_PROTOCOLS)


def _say(process: asyncssh.SSHServerProcess[bytes], words: str) -> None:
    process.stderr.write(f"warded: {words}\r\n".encode())


def _refuse(process: asyncssh.SSHServerProcess[bytes], refusal: Refusal) -> None:
    for words in (refusal.message, refusal.detail, refusal.hint):
        if words:
            _say(process, words)
    process.exit(REFUSED)


@dataclass(slots=True)
class _Traffic:
    """What went to the client."""

    size: int = 0
    maskers: list[StreamMasker] = field(default_factory=list)

    @property
    def masked(self) -> int:
        return sum(count for masker in self.maskers for count in masker.counts.values())


Connect = Callable[[], Awaitable[asyncssh.SSHClientConnection]]


async def _run(
    process: asyncssh.SSHServerProcess[bytes], operation: Operation, warrant: Warrant, connect: Connect
) -> None:
    traffic, status, code = _Traffic(), "failed", "lost"
    try:
        async with asyncio.timeout(warrant.timeout):
            connection = await connect()
            remote = await _open(connection, process, operation)
            terminal = warrant.terminal(process.term_size[:2]) if process.term_type else None
            await _together(process, remote, _Way(warrant, terminal, traffic, raw=_is_raw(operation)))
        status, code = "ok", ""
        _exit(process, remote)
    except TimeoutError:
        status, code = "cancelled", "timeout"
        _say(process, "this ran longer than the rules allow and was ended")
        process.exit(UNAVAILABLE)
    finally:
        await warrant.close(Outcome(status, bytes=traffic.size, masked_cells=traffic.masked, error_code=code))


def _is_raw(operation: Operation) -> bool:
    return operation.actions == frozenset({Action.TRANSFER}) and is_protocol(operation.text)


async def _open(
    connection: asyncssh.SSHClientConnection, process: asyncssh.SSHServerProcess[bytes], operation: Operation
) -> asyncssh.SSHClientProcess[bytes]:
    terminal: dict[str, Any] = {}
    if process.term_type:
        terminal = {"term_type": process.term_type, "term_size": process.term_size}
        terminal["term_modes"] = dict(process.term_modes)
    command = operation.text if operation.verb == EXEC else None
    return await connection.create_process(command, encoding=None, **terminal)


@dataclass(frozen=True, slots=True)
class _Way:
    """How bytes go from the host to the client."""

    warrant: Warrant
    terminal: Terminal | None
    traffic: _Traffic
    raw: bool

    def masker(self) -> StreamMasker | None:
        if self.raw:
            return None
        masker = self.warrant.stream()
        self.traffic.maskers.append(masker)
        return masker


async def _together(
    process: asyncssh.SSHServerProcess[bytes], remote: asyncssh.SSHClientProcess[bytes], way: _Way
) -> None:
    """Both directions until the host's side ends. The client's end of input is passed on."""
    upward = asyncio.create_task(_upward(process, remote, way.terminal))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_downward(remote.stdout, process.stdout, way))
            group.create_task(_downward(remote.stderr, process.stderr, way))
        await remote.wait_closed()
    finally:
        upward.cancel()
        if way.terminal is not None:
            way.terminal.close()
        remote.close()


async def _upward(
    process: asyncssh.SSHServerProcess[bytes], remote: asyncssh.SSHClientProcess[bytes], terminal: Terminal | None
) -> None:
    """Input, window sizes, signals and breaks, in the order in which they come."""
    while True:
        try:
            data = await process.stdin.read(READ_BYTES)
        except asyncssh.TerminalSizeChanged as change:
            remote.change_terminal_size(*change.term_size)
            if terminal is not None:
                terminal.resize(change.width, change.height)
            continue
        except asyncssh.SignalReceived as received:
            remote.send_signal(received.signal)
            continue
        except asyncssh.BreakReceived as received:
            remote.send_break(received.msec)
            continue
        if not data:
            remote.stdin.write_eof()
            return
        if terminal is not None:
            terminal.input(len(data))
        remote.stdin.write(data)
        await remote.stdin.drain()


async def _downward(source: asyncssh.SSHReader[bytes], target: asyncssh.SSHWriter[bytes], way: _Way) -> None:
    """What the host says, masked. A line that does not end is shown after a moment, so that prompts come in time."""
    masker = way.masker()
    reading: asyncio.Task[bytes] | None = None
    try:
        while True:
            reading = reading or asyncio.ensure_future(source.read(READ_BYTES))
            done, _ = await asyncio.wait({reading}, timeout=IDLE_SECONDS if masker else None)
            if not done:
                assert masker is not None
                await _show(masker.idle(), target, way)
                continue
            data, reading = reading.result(), None
            if not data:
                await _show(masker.close() if masker else b"", target, way)
                return
            await _show(masker.feed(data) if masker else data, target, way)
    finally:
        if reading is not None:
            reading.cancel()


async def _show(data: bytes, target: asyncssh.SSHWriter[bytes], way: _Way) -> None:
    if not data:
        return
    way.traffic.size += len(data)
    if way.terminal is not None:
        way.terminal.output(data)
    target.write(data)
    await target.drain()


def _exit(process: asyncssh.SSHServerProcess[bytes], remote: asyncssh.SSHClientProcess[bytes]) -> None:
    if remote.exit_signal:
        signal, dumped, words, language = remote.exit_signal
        process.exit_with_signal(signal, dumped, words, language)
    else:
        process.exit(UNAVAILABLE if remote.exit_status is None or remote.exit_status < 0 else remote.exit_status)
