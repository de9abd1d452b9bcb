"""From the client to the server: every message is judged before the server sees a byte of it.

What is refused becomes an error to the server as well (a message that it is bound to reject), so that transaction,
pipeline and status are the server's own truth. Judged at Parse, and again at Execute under the policy of then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from backends.door import Pipe, Refusal, Visit, Warrant
from backends.errors import WireError
from backends.postgres.front import ClientReader
from backends.postgres.front_book import OURS, Expect, Portal, Run, Statement, Step
from backends.postgres.front_copy import CopyOut, CopyRefused, copy_out
from backends.postgres.front_messages import (
    bind_message,
    execute_message,
    named_message,
    parse_message,
    query_text,
    shown_parameters,
)
from backends.postgres.front_parse import SessionParser
from backends.postgres.front_replies import error, notice, ready
from backends.postgres.front_state import follow, of_cursor
from backends.postgres.front_stay import Stay
from backends.postgres.front_target import Target
from backends.postgres.front_verify import compare, look
from backends.postgres.front_words import refusal as refusal_words
from backends.postgres.frontend import SYNC, cstring, describe_statement, frame, parse, query
from policy.effects import Effect
from policy.model import Action, Operation

MAX_MESSAGE = 64_000_000  # bytes; a larger one ends the session
STATEMENTS = 5_000  # a client that prepares more is refused
FRESH_SECONDS = 60.0
COPY_STATEMENT = f"{OURS}copy"

_CHANGING = frozenset({Action.DEFINE, Action.ADMINISTER, Action.RUN, Action.UNKNOWN})

_STEERING = frozenset({Action.DEFINE, Action.ADMINISTER})
"""What may change whose session it is, or put a table of its own before another of the same name."""


class Session(Stay):
    """One client that is logged in, and its own connection to the server."""

    def __init__(self, pipe: Pipe, visit: Visit, target: Target, parser: SessionParser) -> None:
        super().__init__(pipe, visit, target)
        self._parser = parser
        self._reader = ClientReader(limit=MAX_MESSAGE)
        self._piped = False  # messages of the extended protocol came and no Sync yet: a transaction may be open

    # The client's messages

    async def _pump(self) -> None:
        while not self._left:
            data = await self._pipe.read()
            if not data:
                return
            for kind, message in self._reader.feed(data):
                await self._take(kind, message)
                if self._left:
                    return
            self._flush()
            await self.link.writable()

    async def _take(self, kind: int, message: bytes) -> None:
        if kind == 88:  # X
            self._flush()
            self.link.part()
            await asyncio.Event().wait()  # until the server has answered the rest and hung up, or the client is gone
        elif kind in b"cdf":
            self._copied(kind, message)
        elif kind == 83:
            self._sync(message)
            self._piped = False
        elif not self.book.skipping:
            await _HANDLERS[kind](self, message)
            self._piped = kind not in b"QF"

    async def _query(self, message: bytes) -> None:
        text = query_text(message)
        if not self.book.unverified:
            shape = await self._target.shape(self._parser, text, alone=self.book.steered)
            if shape is not None and (run := self._at_once(shape, text)) is not None:
                follow(self.book, shape)
                self._send(message, Step(Expect.QUERY, run=run))
                return
        operation = await self._target.understand(self._parser, text, alone=self.book.steered)
        if operation is None:
            self._send(query(""), Step(Expect.QUERY))
            return
        operation = self._as_declared(operation)
        await self._check_state()
        try:
            copy = copy_out(text) if Effect.COPY_OUT in operation.effects else None
        except CopyRefused as refused:
            self._deny(error("0A000", str(refused)), simple=True)
            return
        if len(operation.statements) > 1 and {Effect.COPY_OUT, Effect.COPY_IN} & operation.effects:
            self._deny(error("0A000", "COPY stands alone: send it in a query of its own"), simple=True)
            return
        begun = await self._begin(operation, copy, simple=True)
        if isinstance(begun, bytes):
            self._deny(begun, simple=True)
            return
        if begun is None or not await self._describe_copy(begun, simple=True):
            return
        follow(self.book, operation)
        self._send(message, Step(Expect.QUERY, run=begun))
        if begun.bounded:
            await self._await_bound(begun, simple=True)

    async def _parse(self, message: bytes) -> None:
        asked = parse_message(message)
        if asked.name.startswith(OURS):
            self._deny(error("42939", f"names that begin with {OURS} are the gateway's own"))
            return
        if len(self.book.statements) >= STATEMENTS:
            self._deny(error("54000", f"more than {STATEMENTS} prepared statements", hint="Close some."))
            return
        operation = await self._target.understand(self._parser, asked.text, alone=self.book.steered)
        statement = Statement(asked.name, asked.text, operation)
        if operation is not None:
            await self._check_state()
            operation = self._as_declared(operation)
            refused = self._visit.preview(operation)
            if refused is not None and not self.book.skipping:
                await self._record_refusal(operation, refused)
                return
            try:
                statement.copy = copy_out(asked.text) if Effect.COPY_OUT in operation.effects else None
            except CopyRefused as problem:
                self._deny(error("0A000", str(problem)))
                return
        if self.book.skipping:  # an earlier message failed while this one was looked at
            return
        step = Step(Expect.PARSE, statement=statement, undo=self.book.statements.get(asked.name))
        self.book.statements[asked.name] = statement
        self._send(message, step)
        self._inject_describe(statement)

    def _inject_describe(self, statement: Statement) -> None:
        """Learn the columns before anything of it runs: many clients never ask (wire.md: the second execution)."""
        step = Step(Expect.DESCRIBE, hidden=True, statement=statement)
        self._send(describe_statement(statement.name), step)

    async def _record_refusal(self, operation: Operation, refused: Refusal) -> None:
        """A denial is recorded where it is made; the policy may have changed in between, and then it stays refused."""
        begun = await self._begin(operation, None)
        if isinstance(begun, Run):
            self._finish(begun, "cancelled")
        self._deny(begun if isinstance(begun, bytes) else refusal_words(refused))

    async def _bind(self, message: bytes) -> None:
        asked = bind_message(message)
        statement = self.book.statements.get(asked.statement)
        if statement is None:
            named = f'prepared statement "{asked.statement}"' if asked.statement else "unnamed prepared statement"
            self._deny(error("26000", f"{named} does not exist"))
            return
        if asked.portal.startswith(OURS):
            self._deny(error("42939", f"names that begin with {OURS} are the gateway's own"))
            return
        if asyncio.get_running_loop().time() - statement.described_at > FRESH_SECONDS and not self._describing(
            statement
        ):
            self._inject_describe(statement)
        before = self.book.portals.get(asked.portal)
        if before is not None and before.run is not None and not asked.portal:
            self._end_portal(before)
        portal = Portal(asked.portal, statement, asked.formats, shown_parameters(asked))
        self.book.portals[asked.portal] = portal
        self._send(message, Step(Expect.BIND, portal=portal, undo=before))

    def _describing(self, statement: Statement) -> bool:
        return any(step.statement is statement and step.expect is Expect.DESCRIBE for step in self.book.steps)

    def _end_portal(self, portal: Portal) -> None:
        run, portal.run = portal.run, None
        if run is not None and not any(step.run is run for step in self.book.steps):
            self._finish(run, "ok")

    async def _describe(self, message: bytes) -> None:
        named_message(message)
        self._send(message, Step(Expect.DESCRIBE))

    async def _execute(self, message: bytes) -> None:
        asked = execute_message(message)
        portal = self.book.portals.get(asked.portal)
        if portal is None:
            self._deny(error("34000", f'portal "{asked.portal}" does not exist'))
            return
        operation = portal.statement.operation
        if operation is None:
            self._send(message, Step(Expect.EXECUTE, portal=portal))
            return
        statement = portal.statement
        if portal.run is None and not self.book.unverified:
            portal.run = self._at_once(operation, statement.text, portal.parameters)
            if portal.run is not None:
                follow(self.book, operation)
                self._send(message, Step(Expect.EXECUTE, portal=portal, run=portal.run))
                return
        await self._check_state()
        if self.book.skipping:
            return
        if portal.run is not None:
            await self._resume(message, portal, operation)
            return
        operation = self._as_declared(operation)
        if portal.parameters:
            operation = replace(operation, parameters=portal.parameters)
        begun = await self._begin(operation, portal.statement.copy)
        if isinstance(begun, bytes):
            self._deny(begun)
            return
        if begun is None or not await self._describe_copy(begun):
            return
        portal.run = begun
        follow(self.book, operation)
        self._send(message, Step(Expect.EXECUTE, portal=portal, run=begun))
        if begun.bounded:
            await self._await_bound(begun)

    async def _resume(self, message: bytes, portal: Portal, operation: Operation) -> None:
        """More rows of a suspended portal, if the policy of now would still let it run."""
        refused = self._visit.preview(operation)
        if refused is not None:
            self._deny(refusal_words(refused))
            return
        self._send(message, Step(Expect.EXECUTE, portal=portal, run=portal.run))

    async def _close(self, message: bytes) -> None:
        asked = named_message(message)
        if asked.name.startswith(OURS):
            self._deny(error("42939", f"names that begin with {OURS} are the gateway's own"))
            return
        if asked.kind == "S":
            self.book.statements.pop(asked.name, None)
        elif (portal := self.book.portals.pop(asked.name, None)) is not None:
            self._end_portal(portal)
        self._send(message, Step(Expect.CLOSE))

    async def _flushed(self, message: bytes) -> None:
        self._out.append(message)

    async def _function_call(self, _message: bytes) -> None:
        words = "function calls by the protocol's own message are not served"
        self._deny(error("0A000", words, hint="Write SELECT function(…)."), simple=True)

    async def _misplaced(self, _message: bytes) -> None:
        raise WireError("a password where none was asked for")

    def _sync(self, message: bytes) -> None:
        self.book.skipping = False
        self._send(message, Step(Expect.SYNC))

    def _copied(self, kind: int, message: bytes) -> None:
        """Data of COPY FROM STDIN, or its end; outside of one the server ignores it, and so do we. A Sync that came
        before the end was swallowed by the copy ("COPY Operations")."""
        book = self.book
        if not book.copying_in:
            return
        if kind != 100:
            book.copying_in = False
            head = book.steps[0]
            if head.expect is Expect.EXECUTE:
                kept = [step for step in book.steps if step.expect is not Expect.SYNC]
                book.steps.clear()
                book.steps.extend(kept)
        self._out.append(message)

    # Judging

    async def _begin(self, operation: Operation, copy: CopyOut | None, *, simple: bool = False) -> Run | bytes | None:
        """A Run, the words of a refusal, or None where an earlier message has failed meanwhile."""
        if self._visit.may_wait(operation):
            await self._rest()
            if self.book.skipping:
                return None
        begun = await self._ask(operation)
        if isinstance(begun, Refusal):
            return refusal_words(begun)
        run = Run(begun, operation, copy)
        if self.book.skipping:
            self._finish(run, "cancelled")
            return None
        problem = self._unbounded(run, simple=simple)
        if problem:
            run.error_code = "0A000"
            self._finish(run, "failed")
            return problem
        self.book.tainted = self.book.tainted or begun.tainted
        if operation.opaque or operation.actions & _CHANGING:
            looked_at = operation.opaque or bool(operation.actions & _STEERING)
            self.book.unverified = self.book.unverified or looked_at
            self.book.stale()
        if begun.timeout is not None:
            self._start_timer(begun.timeout)
        return run

    async def _ask(self, operation: Operation) -> Warrant | Refusal:
        """Ask the gateway. While it asks people, a CancelRequest ends the waiting and nothing else."""
        self._asking = True
        try:
            return await self._visit.begin(operation, tell=self._tell)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._cancelled or self._left or task is None:
                raise
            task.uncancel()
            return Refusal("cancelled", "canceling statement due to user request", "Nothing was executed.")
        finally:
            self._asking = self._cancelled = False

    def _tell(self, words: str) -> None:
        self._pipe.write(notice(words, hint="The session waits. Cancel the statement to stop waiting."))

    def _as_declared(self, operation: Operation) -> Operation:
        """A FETCH reads what its cursor was declared for; of a cursor that is not known here anything may come."""
        if not operation.opaque or Effect.SESSION_STATE not in operation.effects:
            return operation
        declared = of_cursor(self.book, operation)
        if declared is None:
            return operation
        return replace(operation, opaque=declared.opaque, targets=declared.targets, columns=declared.columns)

    def _unsteady(self) -> bool:
        """The server would answer nothing but that a transaction has failed."""
        return self.book.status == "E" or self.book.skipping

    async def _check_state(self) -> None:
        """After what could have changed whose session this is, look before anything else is judged."""
        if not self.book.unverified or self._unsteady():
            return
        await self._rest()
        if self._unsteady():
            return
        last = compare(self.book, self._known, await look(self.book, self.link, syncs=not self._piped))
        if last:
            self.leave(last)

    async def _describe_copy(self, run: Run, *, simple: bool = False) -> bool:
        """The columns of COPY (query) are those of its query, which the server describes first."""
        if run.copy is None:
            return True
        if self._piped:
            await self._rest()
            if self.book.skipping:  # an earlier message failed, so the server would drop this one
                self._finish(run, "cancelled")
                return False
        statement = Statement(COPY_STATEMENT, run.copy.query, None)
        close = frame(b"C", b"S" + cstring(COPY_STATEMENT))
        self._send(parse(COPY_STATEMENT, run.copy.query), Step(Expect.PARSE, hidden=True, statement=statement))
        self._send(describe_statement(COPY_STATEMENT), Step(Expect.DESCRIBE, hidden=True, statement=statement))
        self._send(close, Step(Expect.CLOSE, hidden=True))
        alone = simple and not self._piped
        if alone:
            self._send(SYNC, Step(Expect.SYNC, hidden=True))
        await self._rest(flush=not alone)
        if statement.fields is None:
            run.error_code = "42000"
            self._finish(run, "failed")
            if alone:  # the error has been told
                self._pipe.write(ready(self.book.status))
            elif simple:
                self._sync(SYNC)
            return False
        run.shape = statement.fields
        return True

    async def _await_bound(self, run: Run, *, simple: bool = False) -> None:
        """Nothing more is sent before it is known whether the bound held; if not, the transaction is aborted."""
        await self._rest(flush=not simple)
        if run.over and not (simple and run.over == "rows"):
            self._deny(run.over_limit(), simple=simple)


Handler = Callable[[Session, bytes], Awaitable[None]]

_HANDLERS: dict[int, Handler] = {
    ord("B"): Session._bind,
    ord("C"): Session._close,
    ord("D"): Session._describe,
    ord("E"): Session._execute,
    ord("F"): Session._function_call,
    ord("H"): Session._flushed,
    ord("P"): Session._parse,
    ord("Q"): Session._query,
    ord("p"): Session._misplaced,
}
