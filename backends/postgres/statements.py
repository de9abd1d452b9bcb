"""The prepared statements of one connection, by text; the oldest make room for new ones."""

from __future__ import annotations

from collections import OrderedDict

from backends.base import Columns
from backends.postgres.frontend import close_statement
from backends.postgres.wire import RowDescription
from catalog.model import Locator

CAPACITY = 256
LONGEST_NAMED = (
    8192  # characters; longer texts are prepared anew each time, so that they do not fill the server's memory
)


class Prepared:
    """A statement the server knows by `name`, what it takes and what it gives (None = no rows).

    `columns` is its shape as it was announced for `targets`, good until `fresh_until` (loop time).
    """

    __slots__ = ("columns", "fields", "fresh_until", "name", "oids", "targets")

    def __init__(self, name: str, oids: tuple[int, ...], fields: RowDescription | None) -> None:
        self.name = name
        self.oids = oids
        self.fields = fields
        self.columns: Columns | None = None
        self.targets: tuple[Locator, ...] = ()
        self.fresh_until = 0.0


class Statements:
    """LRU by text. Evicted statements are closed with the next flight."""

    __slots__ = ("_by_text", "_capacity", "_closing", "_count")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._by_text: OrderedDict[str, Prepared] = OrderedDict()
        self._capacity = capacity
        self._closing: list[str] = []
        self._count = 0

    def get(self, text: str) -> Prepared | None:
        prepared = self._by_text.get(text)
        if prepared is not None:
            self._by_text.move_to_end(text)
        return prepared

    def new_name(self, text: str) -> str:
        """A name never used before on this connection; "" for a text too long to keep."""
        if len(text) > LONGEST_NAMED:
            return ""
        self._count += 1
        return f"s{self._count}"

    def put(self, text: str, prepared: Prepared) -> None:
        if not prepared.name:
            return
        self._by_text[text] = prepared
        if len(self._by_text) > self._capacity:
            self._closing.append(self._by_text.popitem(last=False)[1].name)

    def forget(self, text: str) -> None:
        prepared = self._by_text.pop(text, None)
        if prepared is not None:
            self._closing.append(prepared.name)

    def clear(self) -> None:
        """The server has dropped them all."""
        self._by_text.clear()
        self._closing.clear()

    def closing(self) -> bytes:
        """Close messages that are due."""
        if not self._closing:
            return b""
        names, self._closing = self._closing, []
        return b"".join(close_statement(name) for name in names)
