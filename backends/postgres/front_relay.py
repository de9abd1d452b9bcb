"""The data of one COPY to the client, counted and hidden; and what command tags and rows of our own tell. No I/O."""

from __future__ import annotations

from backends.errors import WireError
from backends.postgres.front_book import Run
from backends.postgres.front_copy import CopyMasker
from backends.postgres.frontend import frame
from backends.postgres.wire import HEADER, Reader

_COUNTED = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})
_MOST = 64_000_000


class CopyRelay:
    """Begun by the server's CopyOutResponse, which has to fit what was described."""

    def __init__(self, run: Run, response: bytes) -> None:
        self.run = run
        self._masker: CopyMasker | None = None
        if run.copy is None or run.rules is None:
            return
        if int.from_bytes(response[HEADER + 1 : HEADER + 3], "big") != len(run.rules):
            raise WireError("a COPY with another number of columns than was described")
        if run.copy.odd:
            raise WireError(f"a COPY of hidden columns with the option {run.copy.odd}")
        self._masker = CopyMasker(run.copy, run.rules)

    def data(self, message: bytes) -> bytes:
        """One CopyData as it may go on; b"" beyond the rows that policy lets pass."""
        run, masker = self.run, self._masker
        run.bytes += len(message) - HEADER
        if masker is None:
            run.rows += 1
        else:
            before = masker.masked, masker.rows
            message = frame(b"d", masker.data(message[HEADER:]))
            run.masked_cells += masker.masked - before[0]
            run.rows += masker.rows - before[1]
        if run.warrant.max_rows is not None and run.rows > run.warrant.max_rows:
            run.over = "rows"
            return b""
        return message


def affected(before: int | None, message: bytes) -> int | None:
    """Rows changed, by a CommandComplete more."""
    words = message[HEADER:-1].decode("utf-8", "replace").split()
    if words and words[0] in _COUNTED and words[-1].isdigit():
        return (before or 0) + int(words[-1])
    return before


def text_rows(data: bytes) -> list[list[str | None]]:
    """The cells of DataRow messages, as text."""
    return [message for message in Reader(limit=_MOST).feed(data) if isinstance(message, list)]
