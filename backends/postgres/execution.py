"""Flights of one statement: the announced shape first, rows by portal, COMMIT last; memory is bounded by the limits.

PostgreSQL manual, "Extended Query" and "Pipelining". A read that fits is one flight (BEGIN READ ONLY to COMMIT).
A write commits in a flight of its own, after its rows were taken, so that nothing is committed for a caller who left.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from backends.base import Chunk, Done, Limits, Rows
from backends.postgres.connection import Connection
from backends.postgres.failures import (
    ConnectionLost,
    FlightTimeout,
    ShapeChanged,
    lost,
    notice_words,
    refused,
    statement_error,
)
from backends.postgres.frontend import DESCRIBE_PORTAL, SYNC, bind, execute, run_portal
from backends.postgres.handshake import BEGIN, BEGIN_READ, CHANGED, COMMIT, SESSION, VERIFY
from backends.postgres.interrupt import interrupt
from backends.postgres.reply import Reply
from backends.postgres.statements import Prepared
from backends.postgres.wire import NoticeResponse, Row
from catalog.model import Locator

BATCH = 500
ONE_FLIGHT = 1001  # rows a read may bring in a single flight
FRAME_SLACK = 1_000_000  # bytes that one row may be longer than the whole answer may be
SERVER_GRACE = 5.0  # seconds that the server's own time-out is behind ours
QUERY_CANCELED = "57014"
INVALID_TEXT = "22P02"
COUNT_BYTES = 1000  # one number
LABEL_BYTES = 63  # NAMEDATALEN - 1

_RUN = execute(0)
_BEGIN_READ = bind(BEGIN_READ) + _RUN
_BEGIN = bind(BEGIN) + _RUN
_COMMIT = bind(COMMIT) + _RUN
_CHANGED = bind(CHANGED) + _RUN

_COUNTED = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})


@dataclass(frozen=True, slots=True)
class Task:
    """One statement to run. `reads` = in a READ ONLY transaction. `opaque` = what it touches is not known.

    `missing` = it was judged as one that the server will refuse, for it names what there is not.
    """

    text: str
    parameters: tuple[str | None, ...]
    reads: bool
    opaque: bool
    limits: Limits
    label: str
    targets: tuple[Locator, ...] = ()
    missing: bool = False


class Room:
    """What may still be taken, in rows and bytes of cells. `truncated` = which ran out, `came` = rows there were."""

    __slots__ = ("bytes", "came", "rows", "truncated")

    def __init__(self, limits: Limits) -> None:
        self.rows = limits.max_rows
        self.bytes = limits.max_bytes
        self.came = 0
        self.truncated = ""

    def take(self, reply: Reply) -> list[Row]:
        rows = [] if self.truncated else reply.rows
        if len(rows) > self.rows:
            rows, self.truncated = rows[: self.rows], "rows"
        if reply.row_bytes > self.bytes:
            rows = self._fitting(rows)
        else:
            self.bytes -= reply.row_bytes
        self.rows -= len(rows)
        self.came += len(reply.rows) + reply.dropped
        return rows

    def _fitting(self, rows: list[Row]) -> list[Row]:
        for index, row in enumerate(rows):
            size = sum(len(cell.encode()) for cell in row if cell)
            if size > self.bytes:
                self.truncated, self.bytes = "bytes", 0
                return rows[:index]
            self.bytes -= size
        return rows


def check_parameters(prepared: Prepared, task: Task) -> None:
    """Raises UpstreamError, in our own words, before anything is sent."""
    wanted, given = len(prepared.oids), len(task.parameters)
    if wanted != given:
        raise refused("08P01", f"the statement has {wanted} parameter{'s' * (wanted != 1)}, but {given} were given")


async def first_flight(connection: Connection, prepared: Prepared, task: Task) -> Reply:
    """Open the portal and fetch the first rows. Raises ShapeChanged if it is not what was announced."""
    limits = task.limits
    connection.accept_rows(limits.max_bytes + FRAME_SLACK)
    whole = task.reads and limits.max_rows < ONE_FLIGHT
    data = b"".join(
        (
            connection.statements.closing(),
            _BEGIN_READ if task.reads else _BEGIN,
            _session(connection, task),
            _CHANGED if _bounded(task) else b"",
            bind(prepared.name, task.parameters),
            DESCRIBE_PORTAL,
            execute(limits.max_rows + 1 if whole else min(BATCH, limits.max_rows + 1)),
            _verified_commit(connection, task) if whole else verified(connection, task, portal=VERIFY),
            SYNC,
        )
    )
    reply = await connection.flight(data, budget=limits.max_bytes, keep_reading=not task.reads)
    _judge(reply, connection, task, executing=reply.described)
    if reply.fields != prepared.fields:
        raise ShapeChanged
    return reply


async def rows_of_read(connection: Connection, task: Task, reply: Reply) -> AsyncGenerator[Chunk, None]:
    """The rest of a read after its first flight."""
    room, notices = Room(task.limits), list(reply.notices)
    rows = room.take(reply)
    while reply.suspended and not reply.overflow and not room.truncated:
        if rows:
            yield Rows(rows)
        data = execute(min(BATCH, room.rows + 1)) + verified(connection, task, portal=VERIFY)
        reply = await connection.flight(data + SYNC, budget=room.bytes)
        _judge(reply, connection, task)
        rows = room.take(reply)
        notices += reply.notices
    tag = reply.tag
    if not reply.overflow and connection.status != "I":
        data = _verified_commit(connection, task)
        _judge(await connection.flight(data + SYNC, budget=0), connection, task, ending=True)
    if rows:
        yield Rows(rows)
    yield Done(tag=tag, truncated=room.truncated, notices=_notices(notices, task))


async def rows_of_write(connection: Connection, task: Task, reply: Reply) -> AsyncGenerator[Chunk, None]:
    """The rest of a write after its first flight. Rows beyond the limits are dropped, for the statement has to end."""
    room, notices, before = Room(task.limits), list(reply.notices), _number(reply.before)
    while True:
        rows = room.take(reply)
        if rows:
            yield Rows(rows)
        if not reply.suspended:
            break
        data = execute(BATCH) + verified(connection, task, portal=VERIFY)
        reply = await connection.flight(data + SYNC, budget=room.bytes, keep_reading=True)
        _judge(reply, connection, task)
        notices += reply.notices
    if connection.status != "T":
        raise refused("25000", "the statement ended its own transaction")
    tag = reply.tag
    if _bounded(task):
        await _check_affected(connection, task, before=before, told=_affected(tag, room.came) or 0)
    notices += await _commit(connection, task)
    yield Done(tag, _affected(tag, room.came), room.truncated, _notices(notices, task))


def _bounded(task: Task) -> bool:
    return task.limits.max_affected is not None and not task.reads


async def _check_affected(connection: Connection, task: Task, *, before: int | None, told: int) -> None:
    """Raises `limit` where more rows were changed than may be; the transaction is then rolled back with the lease.

    The server's own count also has what CTEs, triggers and cascades changed. It misses foreign tables, and a server
    may not keep it (track_counts), so the command tag counts as well.
    """
    reply = await connection.flight(_CHANGED + SYNC, budget=COUNT_BYTES)
    _judge(reply, connection, task)
    after, bound = _number(reply.rows), task.limits.max_affected or 0
    if before is None or after is None:
        raise refused("limit", "the rows that the statement changed could not be counted; it was rolled back")
    changed = max(after - before, told)
    if changed > bound:
        raise refused(
            "limit", f"the statement would change {changed} rows, but at most {bound} may change; it was rolled back"
        )


def _number(rows: list[Row]) -> int | None:
    cell = rows[-1][0] if rows else None
    return int(cell) if cell is not None and cell.isascii() and cell.isdigit() else None


def _verified_commit(connection: Connection, task: Task) -> bytes:
    """COMMIT, only after the session's role and read-only state were verified."""
    return verified(connection, task) + _COMMIT


def verified(connection: Connection, task: Task, *, portal: str = "") -> bytes:
    """Is the session as it was at the log-in? Asked in every flight, before its rows are given out: a view, a row
    security policy or a trigger may call what the text does not name. A portal of its own leaves one open that still
    has rows."""
    current, session, state = connection.identity or ("", "", "")
    asked = bind(VERIFY, [current, session, "on" if task.reads else "", state], portal=portal)
    return asked + (run_portal(portal) if portal else _RUN)


async def _commit(connection: Connection, task: Task) -> list[NoticeResponse]:
    """COMMIT, and what became of it. Raises UpstreamError `lost` if that is not known."""
    connection.committing = True
    try:
        reply = await connection.flight(_verified_commit(connection, task) + SYNC, budget=0)
    except ConnectionLost:
        raise lost("the connection was lost during COMMIT; whether it took effect is not known") from None
    except FlightTimeout:
        ended = await interrupt(connection)
        if ended is None:
            raise lost("COMMIT took too long; whether it took effect is not known") from None
        if ended.error is not None and ended.error.fields.get("C") == QUERY_CANCELED:
            raise
        reply = ended
    connection.committing = False
    _judge(reply, connection, task, ending=True)
    if reply.tags[-1:] != ["COMMIT"]:
        raise refused("40000", "the transaction was rolled back instead of committed")
    return reply.notices


def _judge(reply: Reply, connection: Connection, task: Task, *, executing: bool = True, ending: bool = False) -> None:
    """Raise what the reply says went wrong. Until the portal was described nothing had been executed. `ending` = the
    statement itself was over before this flight."""
    if reply.copying:
        connection.abort()
        raise refused("0A000", "COPY to or from the client is not available here; use SELECT or INSERT")
    if reply.error is None:
        return
    connection.session = None  # it was set in the transaction that failed
    verifying = reply.suspended or len(reply.tags) == (0 if ending else 1)
    if verifying and executing and reply.error.fields.get("C") == INVALID_TEXT:
        connection.abort()
        raise refused("session", "the statement changed the role or the mode of its session; it was rolled back")
    if not executing and reply.error.fields.get("C") in {"0A000", "26000"}:
        raise ShapeChanged  # "cached plan must not change result type", or the server has forgotten the statement
    raise statement_error(reply.error, exposes_data=executing or task.opaque)


def _session(connection: Connection, task: Task) -> bytes:
    """Name the caller to the server and set its time-outs, if they differ from last time."""
    wanted = (task.label, task.limits.timeout)
    if connection.session == wanted:
        return b""
    connection.session = wanted
    milliseconds = str(int((task.limits.timeout + SERVER_GRACE) * 1000))
    return bind(SESSION, [printable(task.label), milliseconds]) + _RUN


def printable(label: str) -> str:
    """application_name takes printable ASCII only."""
    return "".join(char if " " <= char <= "~" else "?" for char in label[:LABEL_BYTES])


def _affected(tag: str, returned: int) -> int | None:
    """Rows changed. With RETURNING, the tag counts only what the last Execute fetched, so the rows are counted."""
    words = tag.split()
    if not words or not words[-1].isdigit():
        return None
    if words[0] in _COUNTED:
        return max(returned, int(words[-1]))
    return int(words[-1]) if words[0] == "SELECT" and not returned else None


def _notices(notices: list[NoticeResponse], task: Task) -> tuple[str, ...]:
    return tuple(notice_words(notice, opaque=task.opaque) for notice in notices)


def as_text(value: object) -> str | None:
    """A parameter in text form. Raises UpstreamError for what has none."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            if "\0" in value or not _encodable(value):
                raise refused("22021", "a parameter holds a character that the database cannot store")
            return value
        case _:
            raise refused("22023", "a parameter is a string, a number, a boolean or null")


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
