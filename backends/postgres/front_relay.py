"""The data of one COPY to the client, counted and hidden; and what command tags and rows of our own tell. No I/O."""

from __future__ import annotations

from collections.abc import Callable

from backends.errors import WireError
from backends.postgres.front_book import Run
from backends.postgres.front_copy import CopyMasker
from backends.postgres.front_copy_sweep import CopySweep
from backends.postgres.front_sweep import RowSweep
from backends.postgres.frontend import frame
from backends.postgres.wire import HEADER, Reader

_COUNTED = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})
_MOST = 64_000_000


class CopyRelay:
    """Begun by the server's CopyOutResponse, which has to fit what was described. Rows wait until `pour`, so that they
    are looked at together; `found` is told when some of what came clear was hidden."""

    def __init__(self, run: Run, response: bytes, *, found: Callable[[Run, RowSweep, int], None]) -> None:
        self.run, self._found = run, found
        self._masker: CopyMasker | None = None
        self._sweep: CopySweep | None = None
        self._waiting: list[bytes] = []
        copy, watched = run.copy, run.sweep
        if copy is None or (run.rules is None and watched is None):
            return
        if int.from_bytes(response[HEADER + 1 : HEADER + 3], "big") != len(run.masks):
            raise WireError("a COPY with another number of columns than was described")
        if copy.odd:
            raise WireError(f"a COPY of columns that may be hidden with the option {copy.odd}")
        if run.rules is not None:
            self._masker = CopyMasker(copy, run.rules)
        if watched is not None:
            self._sweep = CopySweep(copy, watched)

    def data(self, message: bytes) -> None:
        """Take one CopyData."""
        run, masker, body = self.run, self._masker, message[HEADER:]
        run.bytes += len(body)
        if masker is None:
            run.rows += 1
        else:
            before = masker.masked, masker.rows
            body = masker.data(body)
            run.masked_cells += masker.masked - before[0]
            run.rows += masker.rows - before[1]
        if run.warrant.max_rows is not None and run.rows > run.warrant.max_rows:
            run.over = "rows"
        else:
            self._waiting.append(message if masker is None and self._sweep is None else body)

    def pour(self) -> bytes:
        """What waited, as it may go on."""
        waiting, self._waiting = self._waiting, []
        if self._masker is None and self._sweep is None:
            return b"".join(waiting)
        if self._sweep is not None and waiting:
            waiting, hidden = self._sweep.pieces(waiting)
            if hidden:
                self._found(self.run, self._sweep.rows, hidden)
                self._widen()
        return b"".join(frame(b"d", body) for body in waiting)

    def _widen(self) -> None:
        rules, copy = self.run.rules, self.run.copy
        if rules is None or copy is None:
            return
        if self._masker is None:
            self._masker = CopyMasker(copy, rules, first=False)
        else:
            self._masker.rules = rules


def affected(before: int | None, message: bytes) -> int | None:
    """Rows changed, by a CommandComplete more."""
    words = message[HEADER:-1].decode("utf-8", "replace").split()
    if words and words[0] in _COUNTED and words[-1].isdigit():
        return (before or 0) + int(words[-1])
    return before


def text_rows(data: bytes) -> list[list[str | None]]:
    """The cells of DataRow messages, as text."""
    return [message for message in Reader(limit=_MOST).feed(data) if isinstance(message, list)]
