"""What classifying and masking a result costs on one core, beside Presidio: `python -m tests.benchmarks.masking`.

Cold: every column is judged anew, then its cells are masked. Warm: verdicts are known, cells are masked. Presidio
looks at every cell, for at most a few hundred of them. CPU time of one thread, medians of the rounds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from catalog.cellmask import CellMask, cell_mask
from catalog.classify import ColumnView, Verdict, classify_table
from catalog.masking import mask_rows
from tests.evaluation.presidio import presidio
from tests.evaluation.tables import Column, Table, make_tables

WIDE, LONG, ROUNDS, PRESIDIO_CELLS = 12, 2_000, 7, 240


def result(rows: int) -> Table:
    """Twelve columns of the evaluation's tables, half of them sensitive, `rows` long."""
    tables = [table for table in make_tables(rounds=1) if table.group == "named"]
    pool = [column for table in tables for column in table.columns]
    chosen = [column for column in pool if column.label][: WIDE // 2] + [column for column in pool if not column.label]
    columns = [
        Column(
            f"{column.name}", "text", tuple(column.values[at % len(column.values)] for at in range(rows)), column.label
        )
        for column in chosen[:WIDE]
    ]
    return Table("orders", "named", tuple(columns))


def judged(table: Table) -> list[Verdict | None]:
    return classify_table(table.name, [ColumnView(column.name, column.type, column.values) for column in table.columns])


def masked(table: Table, plan: Sequence[CellMask | None]) -> None:
    rows: list[list[str | None]] = [list(row) for row in zip(*(column.values for column in table.columns), strict=True)]
    mask_rows(rows, plan)


def planned(verdicts: Sequence[Verdict | None]) -> list[CellMask | None]:
    return [cell_mask(verdict.label, "text") if verdict else None for verdict in verdicts]


def seconds(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken)


def costs(table: Table, *, repeat: int) -> tuple[float, float]:
    """Seconds of one result, cold and warm."""
    plan = planned(judged(table))

    def again() -> None:
        for _ in range(repeat):
            masked(table, plan)

    warm = seconds(again) / repeat
    return warm + seconds(lambda: judged(table), rounds=ROUNDS * 3), warm


def main() -> None:
    baseline = presidio()
    judged(result(1))
    print(
        f"{'result':>14} {'cold ms':>9} {'cold cells/s':>13} {'warm ms':>9} {'warm cells/s':>13} {'times Presidio':>15}"
    )
    few = result(PRESIDIO_CELLS // WIDE)
    presidio_rate = PRESIDIO_CELLS / seconds(lambda: baseline(few), rounds=1)
    for rows in (1, 50, LONG):
        cold, warm = costs(result(rows), repeat=max(1, 400 // rows))
        cells = rows * WIDE
        print(
            f"{rows:>9} x {WIDE} {cold * 1e3:9.3f} {cells / cold:13,.0f} {warm * 1e3:9.3f} {cells / warm:13,.0f} "
            f"{cells / warm / presidio_rate:15,.0f}"
        )
    print(f"Presidio, patterns and check digits only: {presidio_rate:,.0f} cells/s")


if __name__ == "__main__":
    main()
