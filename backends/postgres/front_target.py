"""The server behind a door: sessions of its own for each client, and where the columns of results come from."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from backends.base import Columns, Upstream
from backends.errors import WireError
from backends.postgres.connection import Connection, dial
from backends.postgres.failures import ConnectionLost
from backends.postgres.front_parse import SessionParser
from backends.postgres.frontend import cancel_request
from backends.postgres.origins import FRESH_SECONDS
from backends.postgres.rows_py import Kind, Rule
from backends.postgres.target import MISSING
from backends.postgres.upstream import PostgresUpstream
from backends.postgres.wire import RowDescription
from catalog.maskers.base import Address, Digits
from catalog.masking import CellMask
from catalog.model import Locator, Login
from catalog.wiremask import Fixed, as_data, wire_mask
from policy.model import Operation

CANCEL_SECONDS = 5.0
_SIZE = 4096

Rules = tuple[Rule | None, ...] | None


@dataclass(frozen=True, slots=True)
class Found:
    """Columns of a shape, good until `until` (monotonic)."""

    shape: RowDescription
    targets: tuple[Locator, ...]
    columns: Columns
    until: float


class Target:
    """One login at one server. Remembers for a minute what it was told of a shape of columns."""

    def __init__(self, upstream: Upstream, login: Login) -> None:
        if not isinstance(upstream, PostgresUpstream):
            raise TypeError("a PostgreSQL door leads to PostgreSQL")
        self._upstream, self._login = upstream, login
        self._columns: dict[tuple[RowDescription, tuple[Locator, ...]], tuple[Columns, float]] = {}
        self._last: Found | None = None  # to compare by identity is cheaper than to hash a shape
        self._rules: dict[tuple[object, ...], Rules] = {}

    async def open(self, *, label: str, settings: Mapping[str, str]) -> Connection:
        return await self._upstream.open_session(self._login, label=label, settings=settings)

    async def understand(self, parser: SessionParser, text: str, *, alone: bool) -> Operation | None:
        """The operation of a text; names mean what they mean at the server, unless they are judged `alone`.

        A name that the picture of the server lacks may be the session's own (a temporary table), so that the picture
        says nothing of the text.
        """
        target = None if alone else await self._upstream.target(self._login)
        operation = parser.parse(text, target)
        if target is not None and operation is not None and MISSING in operation.options:
            fresh = await self._upstream.target(self._login, missed=True)
            operation = operation if fresh is target else parser.parse(text, fresh)
            if operation is not None and MISSING in operation.options:
                return parser.parse(text)
        return operation

    async def shape(self, parser: SessionParser, text: str, *, alone: bool) -> Operation | None:
        """See `SessionParser.shape`; names as in `understand`."""
        return parser.shape(text, None if alone else await self._upstream.target(self._login))

    def known(self, shape: RowDescription, targets: tuple[Locator, ...]) -> Columns | None:
        last, now = self._last, time.monotonic()
        if last is not None and last.shape is shape and last.targets is targets and now < last.until:
            return last.columns
        found, until = self._columns.get((shape, targets), (None, 0.0))
        if found is None or now >= until:
            return None
        self._last = Found(shape, targets, found, until)
        return found

    async def learn(self, shape: RowDescription, targets: tuple[Locator, ...]) -> Columns:
        """Ask the server. Raises UpstreamError."""
        columns = await self._upstream.describe(self._login, shape, targets)
        while len(self._columns) >= _SIZE:
            self._columns.pop(next(iter(self._columns)), None)
        self._columns[shape, targets] = columns, time.monotonic() + FRESH_SECONDS
        return columns

    def rules(self, masks: Sequence[CellMask | None], columns: Columns, formats: Sequence[int]) -> Rules:
        """What the row walk does with each column; None = nothing is hidden. `formats` as Bind has them."""
        if not any(masks):
            return None
        key = (tuple(masks), columns.columns, tuple(formats))
        if key not in self._rules:
            while len(self._rules) >= _SIZE:
                self._rules.pop(next(iter(self._rules)), None)
            self._rules[key] = tuple(
                None if mask is None else rule_of(mask, column.type, binary=is_binary(formats, index))
                for index, (mask, column) in enumerate(zip(masks, columns.columns, strict=True))
            )
        return self._rules[key]


def rule_of(mask: CellMask, type_name: str, *, binary: bool) -> Rule:
    """A mask as data where there is such a kind; what is then not plain is called for all the same."""
    call = wire_mask(mask, type_name=type_name, binary=binary)
    match as_data(mask, type_name=type_name, binary=binary):
        case Fixed(value):
            return Rule(Kind.NULL) if value is None else Rule(Kind.CONSTANT, value)
        case Digits() as digits:
            return Rule(
                Kind.DIGITS, digits.prefix.encode(), digits.shown, call=call, least=digits.least, most=digits.most,
                skip=digits.skip.encode(), signed=digits.signed,
            )  # fmt: skip
        case Address():
            return Rule(Kind.ADDRESS, call=call)
        case None:
            return Rule(Kind.CALL, call=call)


def is_binary(formats: Sequence[int], index: int) -> bool:
    """No format = text, one = for all columns, else one for each."""
    if not formats:
        return False
    return bool(formats[index] if len(formats) > 1 else formats[0])


async def cancel(connection: Connection) -> None:
    """CancelRequest for a session's server process. Whatever goes wrong, the statement simply goes on."""
    if connection.way is None or connection.key is None:
        return
    with suppress(OSError, WireError, ConnectionLost, TimeoutError):
        async with asyncio.timeout(CANCEL_SECONDS):
            messenger = await dial(*connection.way)
            try:
                messenger.send(cancel_request(connection.key))
                await messenger.closed
            finally:
                messenger.abort()
