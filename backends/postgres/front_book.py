"""What one session has prepared, opened and still waits for: kept in step with the server's own state.

A statement is named by its client, so a name means here what it means to the server: what fails to be made is taken
back, in the reverse order, when the server says so.
"""

from __future__ import annotations

import builtins
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from backends.base import Columns
from backends.door import Outcome, Warrant
from backends.postgres.front_copy import CopyOut
from backends.postgres.front_sweep import RowSweep
from backends.postgres.front_words import over_limit
from backends.postgres.rows_py import Rule
from backends.postgres.wire import RowDescription
from catalog.masking import CellMask
from policy.model import Operation

OURS = "warded_"
"""Names of statements and portals that begin so are the door's own."""


class Expect(Enum):
    """What the server owes next, by the message that asked for it."""

    PARSE = "P"
    BIND = "B"
    DESCRIBE = "D"
    EXECUTE = "E"
    CLOSE = "C"
    SYNC = "S"
    QUERY = "Q"
    POISON = "!"  # a message that the server is bound to refuse, so that a denial is an error to it, too


@dataclass(slots=True)
class Statement:
    """`operation` None = there is nothing in the text. `fields` is what the last Describe said, None = no rows."""

    name: str
    text: str
    operation: Operation | None
    fields: RowDescription | None = None
    described_at: float = -1e9
    copy: CopyOut | None = None


@dataclass(slots=True)
class Run:
    """One execution: under which warrant, and what has come of it so far. `rules` None = nothing is hidden.
    `sweep` looks at what comes clear."""

    warrant: Warrant
    operation: Operation
    copy: CopyOut | None = None
    shape: RowDescription | None = None
    planned: bool = False
    columns: Columns | None = None
    masks: tuple[CellMask | None, ...] = ()
    rules: tuple[Rule | None, ...] | None = None
    sweep: RowSweep | None = None
    rows: int = 0
    bytes: int = 0
    masked_cells: int = 0
    affected: int | None = None
    error_code: str = ""
    over: str = ""  # the bound that was passed: "rows" or "affected"
    closed: bool = False

    @property
    def bounded(self) -> bool:
        return self.warrant.max_rows is not None or self.warrant.max_affected is not None

    def over_limit(self) -> builtins.bytes:
        """The error of the bound that was passed."""
        return over_limit(self.over, rows=self.warrant.max_rows, affected=self.warrant.max_affected)

    def outcome(self, status: str) -> Outcome:
        shown = self.columns.columns if self.columns else ()
        partly = self.sweep.watch.partly if self.sweep else {}
        hidden = [mask or partly.get(index) for index, mask in enumerate(self.masks)]
        masked = tuple((column.name, mask) for column, mask in zip(shown, hidden, strict=False) if mask)
        return Outcome(
            status=status,
            rows=self.rows,
            bytes=self.bytes,
            affected=self.affected,
            masked_cells=self.masked_cells,
            masked=masked,
            truncated=self.over,
            error_code=self.error_code,
        )


@dataclass(slots=True)
class Portal:
    """A bound statement. `run` is there once it was executed, and stays while it is suspended."""

    name: str
    statement: Statement
    formats: tuple[int, ...] = ()
    parameters: tuple[object, ...] = ()
    run: Run | None = None


@dataclass(slots=True)
class Step:
    """One answer that is owed. `hidden` = we asked, so the client is not told. `undo` is what a name meant before."""

    expect: Expect
    hidden: bool = False
    statement: Statement | None = None
    portal: Portal | None = None
    run: Run | None = None
    reply: bytes = b""
    undo: Statement | Portal | None = None
    cells: list[list[str | None]] | None = None


@dataclass(slots=True)
class Book:
    """`skipping` = an error came: everything up to the client's next Sync is dropped, as the server does.

    `tainted` = something whose values are hidden ran in this transaction. `unverified` = something ran that could have
    changed whose session this is. `steered` = names may mean something else than they do to a fresh session.
    """

    statements: dict[str, Statement] = field(default_factory=dict)
    portals: dict[str, Portal] = field(default_factory=dict)
    cursors: dict[str, Operation] = field(default_factory=dict)
    steps: deque[Step] = field(default_factory=deque)
    status: str = "I"
    skipping: bool = False
    tainted: bool = False
    unverified: bool = False
    steered: bool = False
    copying_in: bool = False

    def undo(self, step: Step) -> None:
        """The server refused to make what this step was to make."""
        if step.expect is Expect.PARSE and step.statement is not None:
            _restore(self.statements, step.statement, step.undo)
        elif step.expect is Expect.BIND and step.portal is not None:
            _restore(self.portals, step.portal, step.undo)

    def forget_all(self) -> None:
        self.statements.clear()
        self.portals.clear()
        self.cursors.clear()

    def stale(self) -> None:
        """Whatever was described may have changed."""
        for statement in self.statements.values():
            statement.described_at = -1e9


def _restore(known: dict[str, Statement] | dict[str, Portal], made: Statement | Portal, before: object) -> None:
    if known.get(made.name) is not made:
        return
    if before is None:
        del known[made.name]
    else:
        known[made.name] = before  # type: ignore[assignment]  # what was there under this name, so of its kind
