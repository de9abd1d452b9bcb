"""From the server to the client: matches every message with what was asked, hides cells, and lets nothing else pass.

Rows are forwarded only under a Run whose masks are known: until then reading from the server stops. What is hidden from
nobody passes as whole buffers. PostgreSQL manual, "Message Flow", for which answer belongs to which message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from backends.errors import UpstreamError, WireError
from backends.postgres.connection import Connection
from backends.postgres.failures import ends_connection
from backends.postgres.front_aside import Asides
from backends.postgres.front_book import Book, Expect, Run, Step
from backends.postgres.front_relay import CopyRelay, affected, text_rows
from backends.postgres.front_replies import error
from backends.postgres.front_stream import ServerStream
from backends.postgres.front_sweep import RowSweep
from backends.postgres.front_target import Target
from backends.postgres.front_words import server_error, upstream_error
from backends.postgres.rows_walk import walk
from backends.postgres.wire import HEADER, ErrorResponse, RowDescription, report, row_description

MAX_MESSAGE = 64_000_000  # bytes; a larger one ends the session
_SHAPES = 256
BINARY: tuple[int, ...] = (1,)

Status = str


class ServerLink(ServerStream):
    """The server's half of a session. `say` writes to the client, `finish` records how a run ended, `leave` ends the
    session with a last message."""

    def __init__(
        self,
        book: Book,
        target: Target,
        *,
        say: Callable[[bytes], None],
        finish: Callable[[Run, Status], None],
        leave: Callable[[bytes], None],
    ) -> None:
        super().__init__(book, leave=leave)
        self._target, self._say, self._finish = target, say, finish
        self._out: list[bytes] = []
        self._shapes: dict[bytes, RowDescription] = {}
        self._copy: CopyRelay | None = None
        self._asides = Asides({})
        self._learning: asyncio.Task[None] | None = None

    def attach(self, connection: Connection) -> None:
        """Take over a connection that is logged in."""
        self._asides = Asides(connection.parameters)
        self._take_over(connection)

    def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
        super().close()

    # Messages

    def _work(self, data: bytes) -> None:
        try:
            at = self._messages(data)
            self._pour()
        except (WireError, ValueError) as broken:
            self._flush()
            self._leave(error("08P01", f"the server broke the protocol: {broken}", fatal=True))
            return
        left = len(data) - at
        if left:
            self._buffer += data[at:]
            self._need = 1 + int.from_bytes(data[at + 1 : at + HEADER], "big") if left >= HEADER else HEADER
        self._flush()
        self._settle()

    def _messages(self, data: bytes) -> int:
        at, size = 0, len(data)
        while size - at >= HEADER and not self.lost:
            if data[at] == 68:  # D
                after = self._rows(data, at)
                if after == at:
                    break
                at = after
                continue
            length = int.from_bytes(data[at + 1 : at + HEADER], "big")
            if not 4 <= length <= MAX_MESSAGE:
                raise WireError(f"a message of {length} bytes")
            end = at + 1 + length
            if end > size or not self._message(data[at], data[at:end]):
                break
            at = end
        return at

    def _message(self, kind: int, message: bytes) -> bool:
        """Take one message; False = not yet."""
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise WireError(f"a message of type {chr(kind)!r} that nobody asked for")
        return handler(self, message)

    def _head(self, *expected: Expect) -> Step:
        step = self._book.steps[0] if self._book.steps else None
        if step is None or step.expect not in expected:
            raise WireError("an answer to something that was not asked")
        return step

    def _done(self, step: Step, message: bytes) -> bool:
        """An acknowledgement: the step is over."""
        self._book.steps.popleft()
        if not step.hidden:
            self._out.append(message)
        return True

    def _parsed(self, message: bytes) -> bool:
        return self._done(self._head(Expect.PARSE), message)

    def _bound(self, message: bytes) -> bool:
        return self._done(self._head(Expect.BIND), message)

    def _closed(self, message: bytes) -> bool:
        return self._done(self._head(Expect.CLOSE), message)

    def _parameters_described(self, message: bytes) -> bool:
        if not self._head(Expect.DESCRIBE).hidden:
            self._out.append(message)
        return True

    def _described(self, message: bytes) -> bool:
        """T or n: the answer to Describe, or the shape of what a simple query, or a portal, gives."""
        step = self._head(Expect.DESCRIBE, Expect.QUERY)
        shape = self._shape(message) if message[0] == 84 else None
        if step.expect is Expect.QUERY:
            if step.run is not None:
                step.run.shape, step.run.planned = shape, False
            if step.cells is None:
                self._out.append(message)
            return True
        if step.statement is not None:
            step.statement.fields = shape
            step.statement.described_at = asyncio.get_running_loop().time()
        return self._done(step, message)

    def _shape(self, message: bytes) -> RowDescription:
        body = message[HEADER:]
        found = self._shapes.get(body)
        if found is None:
            if len(self._shapes) >= _SHAPES:
                self._shapes.clear()
            found = self._shapes[body] = row_description(body)
        return found

    # Rows

    def _rows(self, data: bytes, at: int) -> int:
        step = self._head(Expect.EXECUTE, Expect.QUERY)
        if step.cells is not None:
            walked = walk(data, at, None, limit=MAX_MESSAGE)
            step.cells += text_rows(walked.output)
            return walked.end
        run = step.run
        if run is None:
            raise WireError("rows of something that was not judged")
        if not run.planned and not self._plan(run, step):
            return at
        walked = walk(data, at, run.rules, limit=MAX_MESSAGE)
        run.rows += walked.rows
        run.bytes += walked.cells
        run.masked_cells += walked.masked
        bound = run.warrant.max_rows
        if bound is not None and run.rows > bound:
            run.over = "rows"  # the rows that came too much in this buffer are dropped with the rest of it
        elif walked.output:
            self._out.append(walked.output if run.sweep is None else self._swept(run, run.sweep, walked.output))
        return walked.end

    def _swept(self, run: Run, sweep: RowSweep, rows: bytes) -> bytes:
        swept = sweep.rows(rows)
        if swept.hidden:
            self._widen(run, sweep, swept.hidden)
        return swept.output

    def _widen(self, run: Run, sweep: RowSweep, hidden: int) -> None:
        """Something was found in clear columns: what was judged by it holds for the rows to come."""
        run.masked_cells += hidden
        if run.columns is not None:
            run.masks = tuple(sweep.watch.masks)
            run.rules = self._target.rules(run.masks, run.columns, sweep.formats)

    def _plan(self, run: Run, step: Step) -> bool:
        """Find out what is hidden; False = the server has to be asked first, and reading stops until it has."""
        shape, formats = run.shape, BINARY if run.copy is not None and run.copy.form == "binary" else ()
        if run.copy is None and step.portal is not None:
            shape, formats = step.portal.statement.fields, step.portal.formats
        if shape is None:
            raise WireError("rows without a description")
        targets = () if self._book.steered else run.operation.targets
        columns = self._target.known(shape, targets)
        if columns is None:
            self._stall(self._target.learn(shape, targets))
            return False
        run.columns = columns
        run.masks = run.warrant.masks(columns)
        watch = run.warrant.watch(columns)
        run.sweep = RowSweep(watch, columns, formats) if watch else None
        if watch is not None:
            run.masks = tuple(watch.masks)
        run.rules = self._target.rules(run.masks, columns, formats)
        run.planned = True
        return True

    def _stall(self, work: Awaitable[object]) -> None:
        self._stalled = True
        if self._transport is not None:
            self._transport.pause_reading()
        self._learning = asyncio.ensure_future(self._resume_after(work))

    async def _resume_after(self, work: Awaitable[object]) -> None:
        try:
            await work
        except UpstreamError as failed:
            self._leave(upstream_error(failed, fatal=True))
            return
        self._stalled = False
        if self._transport is not None and not self.lost:
            self._transport.resume_reading()
        data = bytes(self._buffer)
        self._buffer.clear()
        if data:
            self._work(data)

    # Ends of executions

    def _completed(self, message: bytes) -> bool:
        """C, I: a statement is done. An Execute is over; a simple query goes on to ReadyForQuery."""
        step = self._head(Expect.EXECUTE, Expect.QUERY)
        run = step.run
        if run is not None:
            run.affected = affected(run.affected, message)
            most = run.warrant.max_affected
            if most is not None and (run.affected or 0) > most:
                run.over = "affected"
        if step.expect is Expect.EXECUTE:
            self._book.steps.popleft()
            if run is not None:
                self._finish(run, "failed" if run.over else "ok")
            if step.portal is not None:
                step.portal.run = None
        if step.hidden or step.cells is not None:
            return True
        if run is None or not run.over:
            self._out.append(message)
        elif step.expect is Expect.QUERY and run.over == "rows":
            self._out.append(run.over_limit())
        return True

    def _suspended(self, message: bytes) -> bool:
        step = self._head(Expect.EXECUTE)
        return self._done(step, message)

    def _ready(self, message: bytes) -> bool:
        step = self._head(Expect.SYNC, Expect.QUERY)
        book = self._book
        book.status = chr(message[HEADER])
        if book.status == "I":
            book.tainted = False
            self._end_portals()
        book.steps.popleft()
        run = step.run
        if run is not None:
            self._finish(run, "failed" if run.over or run.error_code else "ok")
        if not step.hidden and not (run is not None and run.over == "affected"):
            self._out.append(message)
        return True

    def _end_portals(self) -> None:
        """The transaction is over, and with it every portal."""
        portals, self._book.portals = self._book.portals, {}
        for portal in portals.values():
            if any(step.portal is portal for step in self._book.steps):
                self._book.portals[portal.name] = portal  # bound again by what is under way
            elif portal.run is not None:
                self._finish(portal.run, "ok")

    def _failed(self, message: bytes) -> bool:
        found = report(69, message[HEADER:])
        fields, book = found.fields, self._book
        self._pour()
        self._copy = None
        if ends_connection(ErrorResponse(fields)):
            self._out.append(server_error(fields, tainted=book.tainted) or message)
            self._flush()
            self._leave(b"")
            return True
        step = book.steps[0] if book.steps else None
        if step is None:
            raise WireError("an error that nobody asked for")
        shown = step.reply or server_error(fields, tainted=book.tainted) or message
        if step.run is not None:
            step.run.error_code = fields.get("C", "")
        book.copying_in = False
        if step.cells is not None:
            step.cells.clear()
        if step.expect is not Expect.QUERY:
            hidden = step.hidden and not step.reply and step.statement is None
            self._skip()
            if hidden:
                return True
        self._out.append(shown)
        return True

    def _skip(self) -> None:
        """The server drops everything up to Sync; so nothing of it has happened."""
        steps, dropped = self._book.steps, []
        while steps and steps[0].expect is not Expect.SYNC:
            dropped.append(steps.popleft())
        if not steps:
            self._book.skipping = True
        for step in reversed(dropped):
            self._book.undo(step)
            if step.run is not None:
                self._finish(step.run, "failed" if step is dropped[0] else "cancelled")
                if step.portal is not None:
                    step.portal.run = None

    # COPY

    def _copy_out(self, message: bytes) -> bool:
        step = self._head(Expect.EXECUTE, Expect.QUERY)
        run = step.run
        if run is None or run.copy is None:
            raise WireError("a COPY that was not judged as one")
        if not run.planned and not self._plan(run, step):
            return False
        self._copy = CopyRelay(run, message, found=self._widen)
        self._out.append(message)
        return True

    def _copy_data(self, message: bytes) -> bool:
        if self._copy is None or self._head(Expect.EXECUTE, Expect.QUERY).run is not self._copy.run:
            raise WireError("data of a COPY that was not announced")
        self._copy.data(message)
        return True

    def _copy_done(self, message: bytes) -> bool:
        self._head(Expect.EXECUTE, Expect.QUERY)
        self._pour()
        self._copy = None
        self._out.append(message)
        return True

    def _copy_in(self, message: bytes) -> bool:
        self._head(Expect.EXECUTE, Expect.QUERY)
        self._book.copying_in = True
        self._out.append(message)
        return True

    # What comes at any time

    def _aside(self, message: bytes) -> bool:
        self._out.append(self._asides.pass_on(message, tainted=self._book.tainted))
        return True

    def _pour(self) -> None:
        """Rows of a COPY that wait for a look at all of them at once."""
        if self._copy is not None and (shown := self._copy.pour()):
            self._out.append(shown)

    def _flush(self) -> None:
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self._say(data)


_HANDLERS: dict[int, Callable[[ServerLink, bytes], bool]] = {
    ord("1"): ServerLink._parsed,
    ord("2"): ServerLink._bound,
    ord("3"): ServerLink._closed,
    ord("A"): ServerLink._aside,
    ord("C"): ServerLink._completed,
    ord("E"): ServerLink._failed,
    ord("G"): ServerLink._copy_in,
    ord("H"): ServerLink._copy_out,
    ord("I"): ServerLink._completed,
    ord("N"): ServerLink._aside,
    ord("S"): ServerLink._aside,
    ord("T"): ServerLink._described,
    ord("Z"): ServerLink._ready,
    ord("c"): ServerLink._copy_done,
    ord("d"): ServerLink._copy_data,
    ord("n"): ServerLink._described,
    ord("s"): ServerLink._suspended,
    ord("t"): ServerLink._parameters_described,
}
