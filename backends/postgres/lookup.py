"""Small questions to the server's catalog on a connection that is at hand, and preparing a statement."""

from __future__ import annotations

from collections.abc import Sequence

from backends.postgres.connection import Connection
from backends.postgres.failures import refused, statement_error
from backends.postgres.frontend import SYNC, bind, describe_statement, execute, parse
from backends.postgres.statements import Prepared
from backends.postgres.wire import Row

ANSWER_BYTES = 64_000_000


async def prepare(connection: Connection, text: str) -> Prepared:
    """The statement, described. Nothing was executed, so the words of an error may be shown. Raises UpstreamError,
    ConnectionLost, FlightTimeout."""
    known = connection.statements.get(text)
    if known is not None:
        return known
    name = connection.statements.new_name(text)
    reply = await connection.flight(parse(name, text) + describe_statement(name) + SYNC, budget=0)
    if reply.error is not None:
        raise statement_error(reply.error, exposes_data=False)
    prepared = Prepared(name, reply.oids, reply.fields)
    connection.statements.put(text, prepared)
    return prepared


async def ask(connection: Connection, text: str, parameters: Sequence[str | None] = ()) -> list[Row]:
    """All rows of a query of our own, outside any transaction or in the current one."""
    prepared = await prepare(connection, text)
    connection.accept_rows(ANSWER_BYTES)
    data = connection.statements.closing() + bind(prepared.name, parameters) + execute(0) + SYNC
    reply = await connection.flight(data, budget=ANSWER_BYTES)
    if reply.error is not None:
        raise statement_error(reply.error, exposes_data=False)
    if reply.overflow:
        raise refused("limit", f"an answer of more than {ANSWER_BYTES} bytes")
    return reply.rows


def array(values: Sequence[object]) -> str:
    """A one-dimensional array in text form, every element quoted."""
    quoted = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"
