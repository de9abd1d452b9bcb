"""How well columns are told, on tables that another generator made: `python -m tests.evaluation`, or `make eval`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from catalog.cells import Table as CellTable
from catalog.cells import find_cells
from tests.evaluation import report
from tests.evaluation.blind import blind_tables
from tests.evaluation.presidio import presidio
from tests.evaluation.tables import Table, make_tables

ROOT = Path(__file__).parents[2]
SEEDS = (20_261, 3, 11, 42, 77, 99, 2_024, 7_001)
PAGE, CHART = ROOT / "docs" / "detection.md", ROOT / "docs" / "detection.svg"


def warded(table: Table) -> list[list[str]]:
    """Labels of cells as `warded catalog classify` gives them, without the lane for prose."""
    rows = list(zip(*(column.values for column in table.columns), strict=True))
    shown = CellTable(table.name, [(column.name, column.type) for column in table.columns], rows)
    labels = [["" for _ in column.values] for column in table.columns]
    for found in find_cells(shown, spans=lambda _text: ()):
        labels[found.col][found.row] = found.label
    return labels


def judged(tables: Sequence[Table], judge: Callable[[Table], list[list[str]]]) -> tuple[list[list[list[str]]], float]:
    """The labels of all cells and the CPU seconds it took."""
    judge(tables[0])
    started = time.process_time()
    labels = [judge(table) for table in tables]
    return labels, time.process_time() - started


def measure(seed: int, *, rounds: int = 2) -> report.Figures:
    """The figures of the first generator at one seed."""
    tables = list(make_tables(seed, rounds=rounds))
    return report.figures(tables, [warded(table) for table in tables])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make eval", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures and the chart into docs/")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args()
    seeded = {"seed": given.seed} if given.seed is not None else {}
    measured = [measure(seed) for seed in SEEDS]
    tables = [*make_tables(**seeded, rounds=given.rounds), *blind_tables()]
    ours, seconds = judged(tables, warded)
    theirs, their_seconds = judged(tables, presidio())
    cells = sum(len(column.values) for table in tables for column in table.columns)
    speed = (cells / seconds, cells / their_seconds)
    text = report.text(tables, ours, theirs, speed=speed, measured=measured)
    print(text)
    if given.write:
        PAGE.write_text(report.filled(PAGE.read_text("utf-8"), text), "utf-8")
        CHART.write_text(report.drawn(tables, ours, theirs), "utf-8")
    missed = report.missed_bars(measured)
    print("\n".join(missed) or "every bar holds")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
