"""From the server to the client: matches every message with what was asked, hides cells, and lets nothing else pass.

Rows are forwarded only under a Run whose masks are known: until then reading from the server stops. What is hidden from
nobody passes as whole buffers. PostgreSQL manual, "Message Flow", for which answer belongs to which message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from backends.errors import UpstreamError, WireError
from backends.postgres import rows_py as rows
from backends.postgres.connection import HELD, PINNED, Connection
from backends.postgres.failures import ends_connection
from backends.postgres.front_book import Book, Expect, Run, Step
from backends.postgres.front_copy import CopyMasker
from backends.postgres.front_replies import error
from backends.postgres.front_target import Target
from backends.postgres.front_words import server_error, server_notice, upstream_error
from backends.postgres.frontend import TERMINATE, frame
from backends.postgres.wire import HEADER, ErrorResponse, RowDescription, report, row_description

MAX_MESSAGE = 64_000_000  # bytes; a larger one ends the session
_SHAPES = 256
_COUNTED = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})

Status = str


class ServerLink(asyncio.Protocol):
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
        self._book, self._target = book, target
        self._say, self._finish, self._leave = say, finish, leave
        self._buffer = bytearray()
        self._need = HEADER
        self._stalled = False
        self._out: list[bytes] = []
        self._shapes: dict[bytes, RowDescription] = {}
        self._masker: CopyMasker | None = None
        self._parameters: dict[str, str] = {}
        self._settled: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._learning: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self.lost = False

    # The transport

    def attach(self, connection: Connection) -> None:
        """Take over a connection that is logged in."""
        self._parameters = dict(connection.parameters)
        self._transport = connection.hand_over(self)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    async def writable(self) -> None:
        """Wait until the server has taken enough of what was written."""
        if self._writable is not None:
            await self._writable

    def hold_back(self, blocked: bool) -> None:
        """The client takes nothing more, or goes on."""
        if self._transport is None or self.lost or self._stalled:
            return
        if blocked:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
        if self._transport is not None and not self.lost:
            self._transport.write(TERMINATE)
            self._transport.close()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        waiting, self._writable = self._writable, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.resume_writing()
        self._leave(error("08006", "the connection to the server was lost", fatal=True))
        self._settle()

    def data_received(self, data: bytes) -> None:
        if self._buffer or self._stalled:
            self._buffer += data
            if self._stalled or len(self._buffer) < self._need:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        self._work(data)

    # What the client's half waits for

    async def settled(self) -> None:
        """Until everything that was asked is answered, or the server has gone."""
        while self._book.steps and not self.lost:
            if self._settled is None:
                self._settled = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._settled)

    def _settle(self) -> None:
        if self._settled is not None and (not self._book.steps or self.lost):
            waiting, self._settled = self._settled, None
            if not waiting.done():
                waiting.set_result(None)

    # Messages

    def _work(self, data: bytes) -> None:
        try:
            at = self._messages(data)
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
            walked = rows.walk(data, at, None, limit=MAX_MESSAGE)
            step.cells += _cells(walked.output)
            return walked.end
        run = step.run
        if run is None:
            raise WireError("rows of something that was not judged")
        if not run.planned and not self._plan(run, step):
            return at
        walked = rows.walk(data, at, run.rules, limit=MAX_MESSAGE)
        run.rows += walked.rows
        run.bytes += walked.cells
        run.masked_cells += walked.masked
        bound = run.warrant.max_rows
        if bound is not None and run.rows > bound:
            run.over = "rows"  # the rows that came too much in this buffer are dropped with the rest of it
        elif walked.output:
            self._out.append(walked.output)
        return walked.end

    def _plan(self, run: Run, step: Step) -> bool:
        """Find out what is hidden; False = the server has to be asked first, and reading stops until it has."""
        shape, formats = run.shape, ()
        if step.portal is not None:
            shape, formats = step.portal.statement.fields, step.portal.formats  # type: ignore[assignment]
        if shape is None:
            raise WireError("rows without a description")
        targets = () if self._book.steered else run.operation.targets
        columns = self._target.known(shape, targets)
        if columns is None:
            self._stall(self._learn(shape, targets))
            return False
        run.columns = columns
        run.masks = run.warrant.masks(columns)
        run.rules = self._target.rules(run.masks, columns, formats)
        run.planned = True
        return True

    async def _learn(self, shape: RowDescription, targets: tuple[object, ...]) -> None:
        await self._target.learn(shape, cast("tuple", targets))  # type: ignore[type-arg]

    def _stall(self, work: object) -> None:
        self._stalled = True
        if self._transport is not None:
            self._transport.pause_reading()
        self._learning = asyncio.ensure_future(self._resume_after(work))

    async def _resume_after(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
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
            _count_affected(run, message)
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
            self._out.append(over_limit(run))
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
        run.shape = run.shape or (step.statement.fields if step.statement else None)
        if not run.planned and not self._plan_copy(run):
            return False
        self._masker = CopyMasker(run.copy, run.rules) if run.rules is not None else None
        if run.rules is not None:
            if int.from_bytes(message[6:8], "big") != len(run.rules):
                raise WireError("a COPY with another number of columns than was described")
            if run.copy.odd:
                raise WireError(f"a COPY of hidden columns with the option {run.copy.odd}")
        self._out.append(message)
        return True

    def _plan_copy(self, run: Run) -> bool:
        binary = (1,) if run.copy is not None and run.copy.form == "binary" else (0,)
        shape = run.shape
        if shape is None:
            raise WireError("a COPY without a description")
        targets = () if self._book.steered else run.operation.targets
        columns = self._target.known(shape, targets)
        if columns is None:
            self._stall(self._learn(shape, targets))
            return False
        run.columns, run.masks = columns, run.warrant.masks(columns)
        run.rules = self._target.rules(run.masks, columns, binary)
        run.planned = True
        return True

    def _copy_data(self, message: bytes) -> bool:
        step = self._head(Expect.EXECUTE, Expect.QUERY)
        run = step.run
        if run is None or not run.planned:
            raise WireError("data of a COPY that was not announced")
        run.bytes += len(message) - HEADER
        if self._masker is None:
            run.rows += 1
            self._out.append(message)
            return True
        before = self._masker.masked, self._masker.rows
        self._out.append(frame(b"d", self._masker.data(message[HEADER:])))
        run.masked_cells += self._masker.masked - before[0]
        run.rows += self._masker.rows - before[1]
        return True

    def _copy_done(self, message: bytes) -> bool:
        self._head(Expect.EXECUTE, Expect.QUERY)
        self._masker = None
        self._out.append(message)
        return True

    def _copy_in(self, message: bytes) -> bool:
        self._head(Expect.EXECUTE, Expect.QUERY)
        self._book.copying_in = True
        self._out.append(message)
        return True

    # What comes at any time

    def _parameter(self, message: bytes) -> bool:
        name, value = (part.decode("utf-8", "replace") for part in message[HEADER:-1].split(b"\0", 1))
        if name in HELD and self._parameters.get(name, value) != value:
            raise WireError(f"the session changed its {name}")
        if PINNED.get(name, value) != value:
            raise WireError(f"the session changed {name}")
        self._parameters[name] = value
        self._out.append(message)
        return True

    def _noticed(self, message: bytes) -> bool:
        shown = server_notice(report(78, message[HEADER:]).fields, tainted=self._book.tainted)
        self._out.append(shown or message)
        return True

    def _notified(self, message: bytes) -> bool:
        self._out.append(message)
        return True

    def _flush(self) -> None:
        if self._out:
            data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self._say(data)


def over_limit(run: Run) -> bytes:
    """The error of a bound that policy sets."""
    if run.over == "rows":
        words = f"the answer has more than the {run.warrant.max_rows} rows that policy lets you read at once"
        return error("54000", words, hint="Narrow it down, or add LIMIT.")
    words = f"the statement would change more than the {run.warrant.max_affected} rows that policy lets you change"
    return error("54000", words, detail="The transaction is aborted: nothing is changed.")


def _count_affected(run: Run, message: bytes) -> None:
    words = message[HEADER:-1].decode("utf-8", "replace").split()
    if words and words[0] in _COUNTED and words[-1].isdigit():
        run.affected = (run.affected or 0) + int(words[-1])


def _cells(data: bytes) -> list[list[str | None]]:
    """The cells of DataRow messages, as text."""
    from backends.postgres.wire import Reader

    return [message for message in Reader(limit=MAX_MESSAGE).feed(data) if isinstance(message, list)]


_HANDLERS: dict[int, Callable[[ServerLink, bytes], bool]] = {
    ord("1"): ServerLink._parsed,
    ord("2"): ServerLink._bound,
    ord("3"): ServerLink._closed,
    ord("A"): ServerLink._notified,
    ord("C"): ServerLink._completed,
    ord("E"): ServerLink._failed,
    ord("G"): ServerLink._copy_in,
    ord("H"): ServerLink._copy_out,
    ord("I"): ServerLink._completed,
    ord("N"): ServerLink._noticed,
    ord("S"): ServerLink._parameter,
    ord("T"): ServerLink._described,
    ord("Z"): ServerLink._ready,
    ord("c"): ServerLink._copy_done,
    ord("d"): ServerLink._copy_data,
    ord("n"): ServerLink._described,
    ord("s"): ServerLink._suspended,
    ord("t"): ServerLink._parameters_described,
}
