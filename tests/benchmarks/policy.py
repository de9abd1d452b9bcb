"""What judging a statement costs, layer by layer: `python -m tests.benchmarks.policy`, or `make bench`.

Layers: `parse` is the library's own (libpg_query, sqlglot), `facts` everything from the text to the Operation with
`parse` in it, `decide` the policy on facts never seen, `cached` a text and a decision seen before. Times are CPU time
of this thread: percentiles over the rounds, in microseconds. What ours adds to the library's parse is a ratio.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table
from sqlglot import Dialect

from backends.mssql.parse import parse_text as parse_mssql
from backends.mysql.parse import parse_text as parse_mysql
from backends.postgres.grammar import statements
from backends.postgres.parse import Parser, understand
from policy.decide import PACKS, Line, question
from policy.document import load_document
from policy.engine import Engine
from policy.model import Operation, Query

SHORT = "SELECT id, total FROM orders WHERE customer_id = 4711"
MEDIUM = (
    "SELECT o.id, o.total, c.name, count(i.id) AS items FROM orders o JOIN customers c ON c.id = o.customer_id "
    "LEFT JOIN items i ON i.order_id = o.id WHERE o.created >= '2024-01-01' AND o.status IN ('paid', 'sent') "
    "AND c.country = 'DE' GROUP BY o.id, o.total, c.name HAVING count(i.id) > 1 ORDER BY o.total DESC"
)
MEMORY_BAR, NEW_BAR, LONG_BAR = 50.0, 1_000.0, 10_000.0  # microseconds: cached p50, short and new p50, 5 kB p99


def long_statement(size: int = 5_000) -> str:
    """CTEs that each build on the one before, joined at the end, of at least `size` characters."""
    ctes: list[str] = []
    number = 0
    while len(", ".join(ctes)) < size:
        source = "orders" if number == 0 else f"step{number - 1}"
        ctes.append(
            f"step{number} AS (SELECT s.id, s.total, s.customer_id, coalesce(s.total, 0) * {number} AS weighted, "
            f"row_number() OVER (PARTITION BY s.customer_id ORDER BY s.total DESC) AS place FROM {source} s "
            f"WHERE s.total > {number} AND s.customer_id IN ({number}, {number + 1}))"
        )
        number += 1
    last = f"SELECT a.id, b.weighted FROM step0 a JOIN step{number - 1} b ON b.id = a.id ORDER BY b.weighted"
    return f"WITH {', '.join(ctes)} {last}"


TEXTS = {"short": SHORT, "medium": MEDIUM, "5 kB": long_statement()}


@dataclass(frozen=True, slots=True)
class Dialog:
    """One dialect: what its library does alone, and what we do with it."""

    name: str
    library: Callable[[str], object]
    facts: Callable[[str], Operation]


DIALOGS = (
    Dialog("postgres", statements, lambda text: understand(text).operation),
    Dialog("mysql", Dialect.get_or_raise("mysql").parse, parse_mysql),
    Dialog("mssql", Dialect.get_or_raise("tsql").parse, parse_mssql),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of CPU time: half of the rounds took at most `p50`."""

    p50: float
    p99: float


def cost(work: Callable[[], object], *, rounds: int) -> Cost:
    work()
    gc.collect()  # what the work before this one left behind is not this one's cost
    spent = []
    for _ in range(rounds):
        before = time.thread_time_ns()
        work()
        spent.append((time.thread_time_ns() - before) / 1e3)
    spent.sort()
    return Cost(spent[len(spent) // 2], spent[min(int(len(spent) * 0.99), len(spent) - 1)])


def asked(dialog: Dialog, operation: Operation) -> Query:
    line = Line("", dialog.name, "", mode="read_only", masked=frozenset(), context={})
    return question(operation, line)


def decided(engine: Engine, query: Query) -> Callable[[], object]:
    """A decision about a table that was never seen, so that nothing is remembered."""
    count = iter(range(sys.maxsize))

    def work() -> object:
        operation = replace(query.operation, verb=f"session{next(count)}")
        return engine.decide(replace(query, operation=operation))

    return work


def measure(dialog: Dialog, text: str, *, rounds: int) -> dict[str, Cost]:
    engine, parser = Engine(load_document(None, PACKS)), Parser()
    query = asked(dialog, dialog.facts(text))
    call = {"resource": "shop", "sql": text}
    remembered = asked(dialog, parser.parse("sql_query", call)) if dialog.name == "postgres" else query

    def cached() -> object:
        if dialog.name == "postgres":
            parser.parse("sql_query", call)
        return engine.decide(remembered)

    return {
        "parse": cost(lambda: dialog.library(text), rounds=rounds),
        "facts": cost(lambda: dialog.facts(text), rounds=rounds),
        "decide": cost(decided(engine, query), rounds=rounds),
        "cached": cost(cached, rounds=rounds * 5),
    }


def verdicts(found: dict[tuple[str, str], dict[str, Cost]]) -> list[tuple[str, float, float]]:
    """(what, measured, bar), each bar for each dialect."""
    rows = []
    for dialog in DIALOGS:
        short, long = found[dialog.name, "short"], found[dialog.name, "5 kB"]
        rows += [
            (f"{dialog.name}: seen before, p50", short["cached"].p50, MEMORY_BAR),
            (f"{dialog.name}: short and new, p50", short["facts"].p50 + short["decide"].p50, NEW_BAR),
            (f"{dialog.name}: 5 kB and new, p99", long["facts"].p99 + long["decide"].p99, LONG_BAR),
        ]
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    rounds: int = options.parse_args(arguments).rounds
    console = Console(width=110)
    table = Table(
        "dialect", "statement", "parse p50", "facts p50", "facts / parse", "facts p99", "decide p50", "cached p50"
    )
    found = {}
    for dialog in DIALOGS:
        dialog.facts(MEDIUM)  # loads what is loaded lazily
    gc.collect()
    gc.freeze()  # these two as the gateway does: what stays is not searched for cycles
    gc.set_threshold(20_000, 20, 50)
    for dialog in DIALOGS:
        for size, text in TEXTS.items():
            layers = found[dialog.name, size] = measure(dialog, text, rounds=rounds)
            ratio = layers["facts"].p50 / layers["parse"].p50
            figures = [layers["parse"].p50, layers["facts"].p50, ratio, layers["facts"].p99]
            figures += [layers["decide"].p50, layers["cached"].p50]
            table.add_row(dialog.name, f"{size} ({len(text)})", *(f"{figure:,.1f}" for figure in figures))
    console.print(table)
    held = True
    for what, measured, bar in verdicts(found):
        held = held and measured <= bar
        console.print(f"{'held  ' if measured <= bar else 'MISSED'} {what}: {measured:,.0f} us (bar {bar:,.0f})")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
