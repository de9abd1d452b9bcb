"""The life of one session at the door: from log-in to end, cancelling, time limits, and what is sent to the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from backends.door import Pipe, Visit
from backends.errors import WireError
from backends.postgres.connection import Connection
from backends.postgres.front_book import OURS, Book, Expect, Run, Step
from backends.postgres.front_link import ServerLink
from backends.postgres.front_replies import error
from backends.postgres.front_target import Target, cancel
from backends.postgres.front_verify import Known, look
from backends.postgres.frontend import SYNC, cstring, frame
from policy.effects import Effect
from policy.model import Operation

_COPIES = frozenset({Effect.COPY_OUT.value, Effect.COPY_IN.value})
FLUSH = b"H\0\0\0\4"
POISON = frame(b"E", cstring(f"{OURS}denied") + b"\0\0\0\0")
"""A message that the server is bound to reject: there is no such portal."""


class Stay:
    """The life of one session: how it begins, how it is cancelled and ended, how messages go out. `run` lasts until
    client or server has gone."""

    def __init__(self, pipe: Pipe, visit: Visit, target: Target) -> None:
        self._pipe, self._visit, self._target = pipe, visit, target
        self.book = Book()
        self.link = ServerLink(self.book, target, say=pipe.write, finish=self._finish, leave=self.leave)
        self._out: list[bytes] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._asking = self._cancelled = self._left = False
        self._timer: asyncio.TimerHandle | None = None
        self._connection: Connection | None = None
        self._known: Known | None = None
        self.reason = ""

    # From log-in to end

    async def attach(self, connection: Connection) -> None:
        """Take over a connection that is logged in, and note who it is, which must stay so."""
        self._connection = connection
        self.link.attach(connection)
        self._known = await look(self.book, self.link, syncs=True)

    async def run(self) -> None:
        """Until the client or the server leaves, or somebody ends the stay."""
        if self._left:
            return
        self._task = asyncio.create_task(self._pump())
        self._pipe.watch(blocked=self.link.hold_back, lost=self._client_lost)
        self._visit.on_end(self._end)
        try:
            await asyncio.wait([self._task])
            self._task.result() if not self._task.cancelled() else None
        except WireError as broken:
            self.leave(error("08P01", f"the client broke the protocol: {broken}", fatal=True))
        finally:
            self._task.cancel()
            await self._tear_down()

    def leave(self, last: bytes) -> None:
        """End the session, with a last message to the client."""
        if self._left:
            return
        self._left = True
        if last:
            self._pipe.write(last)
        if self._task is not None:
            self._task.cancel()

    def cancel(self) -> None:
        """The client's CancelRequest: stops waiting for an approval, or what the server is doing."""
        if self._asking and self._task is not None:
            self._cancelled = True
            self._task.cancel()
        elif self._connection is not None and self.book.steps:
            self._spawn(cancel(self._connection))

    def _end(self, words: str) -> None:
        self.reason = words
        self.leave(error("57P01", words, fatal=True))

    def _client_lost(self) -> None:
        self.leave(b"")

    async def _tear_down(self) -> None:
        """What still runs at the server is stopped; what has no end yet is recorded as cancelled."""
        busy = any(step.run is not None for step in self.book.steps)
        if busy and self._connection is not None and not self.link.lost:
            await cancel(self._connection)
        self.link.close()
        runs = [step.run for step in self.book.steps] + [portal.run for portal in self.book.portals.values()]
        for run in runs:
            if run is not None:
                self._finish(run, "cancelled")
        if self._closing:
            await asyncio.wait(self._closing, timeout=10.0)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _finish(self, run: Run, status: str) -> None:
        if not run.closed:
            run.closed = True
            self._stop_timer()
            outcome = run.outcome(status)
            if not run.warrant.end(outcome):
                self._spawn(run.warrant.close(outcome))

    async def _pump(self) -> None:
        """Take the client's messages until it leaves."""
        raise NotImplementedError

    # Sending

    def _send(self, message: bytes, step: Step) -> None:
        self.book.steps.append(step)
        self._out.append(message)

    def _deny(self, words: bytes, *, simple: bool = False) -> None:
        """Tell the client, and make it an error to the server as well."""
        self._send(POISON, Step(Expect.POISON, reply=words))
        if simple:
            self._send(SYNC, Step(Expect.SYNC))
        else:
            self.book.skipping = True
            self._out.append(FLUSH)

    def _flush(self) -> None:
        if self._out:
            self.link.write(b"".join(self._out))
            self._out.clear()

    async def _rest(self, *, flush: bool = True) -> None:
        """Until everything sent so far is answered."""
        if not self.book.steps and not self._out:
            return
        if flush:
            self._out.append(FLUSH)
        self._flush()
        await self.link.settled()

    # Judging

    def _at_once(self, operation: Operation, text: str, parameters: tuple[object, ...] = ()) -> Run | None:
        """A Run of what is known to run without asking anybody, None = `_begin` has to find out."""
        if operation.opaque or operation.effects & _COPIES:
            return None
        warrant = self._visit.begin_at_once(operation, text=text, parameters=parameters)
        if warrant is None:
            return None
        self.book.tainted = self.book.tainted or warrant.tainted
        if warrant.timeout is not None:
            self._start_timer(warrant.timeout)
        return Run(warrant, operation)

    def _unbounded(self, run: Run, *, simple: bool) -> bytes:
        """Where a bound could not be held: what has taken effect before it can be counted."""
        if run.bounded and len(run.operation.statements) > 1:
            words = "policy bounds what a statement may read or change, so statements have to come one by one"
            return error("0A000", words, hint="Send each statement in a query of its own.")
        if run.warrant.max_affected is not None and simple and self.book.status == "I":
            words = f"policy lets a statement change at most {run.warrant.max_affected} rows"
            return error("0A000", words, hint="Send BEGIN first: then it is rolled back if it changes more.")
        return b""

    # Time limits of policy

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        if self._connection is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self.cancel)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
