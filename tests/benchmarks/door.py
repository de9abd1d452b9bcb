"""What the native door of PostgreSQL costs: `python -m tests.benchmarks.door`, part of `make bench`.

Hops take turns within every round of one run, so that a machine whose speed drifts is fair to all; medians of the
rounds are shown. Bars are differences and ratios within this run. Everything is on at Warded: policy, mask plans, a
durable record of every statement.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backends.postgres import rows_py, rows_walk
from tests.benchmarks.door_chart import Bar, draw
from tests.benchmarks.door_hops import HBA, direct, make_database, pgbouncer, warded
from tests.benchmarks.door_load import Burst, Drain, Hop, burst, connects, drain, idle
from tests.benchmarks.door_walk import CONSTANT, walk_rates
from tests.support.certificates import Authority
from tests.support.servers.postgres import Server, start_postgres

MODES = ("simple", "extended", "prepared")
CLIENTS = (1, 8, 32)
BULK = "SELECT * FROM people"
Verdict = tuple[str, float, float, bool]
"""What, measured, bar, held."""


@dataclass
class Figures:
    """All rounds, by (hop, mode, clients) and by hop; names as the hops have them."""

    bursts: dict[tuple[str, str, int], list[Burst]] = field(default_factory=dict)
    drains: dict[str, list[Drain]] = field(default_factory=dict)
    connects: dict[str, float] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)
    walks: dict[str, float] = field(default_factory=dict)

    def burst(self, hop: str, mode: str, clients: int, of: Callable[[Burst], float]) -> float:
        return statistics.median(of(each) for each in self.bursts[hop, mode, clients])

    def p50(self, hop: str, mode: str, clients: int) -> float:
        return self.burst(hop, mode, clients, lambda each: each.p50)

    def added(self, hop: str, mode: str, clients: int) -> float:
        """Median over the rounds of what is added to the direct way, µs."""
        pairs = zip(self.bursts[hop, mode, clients], self.bursts["direct", mode, clients], strict=True)
        return statistics.median(through.p50 - straight.p50 for through, straight in pairs)

    def cpu(self, hop: str, clients: int) -> float:
        """µs a query, the mean of the modes."""
        return statistics.mean(self.burst(hop, mode, clients, lambda each: each.cpu) for mode in MODES)

    def worst_added(self, hop: str, clients: int) -> float:
        return max(self.added(hop, mode, clients) for mode in MODES)

    def bulk(self, hop: str, of: Callable[[Drain], float]) -> float:
        return statistics.median(of(each) for each in self.drains[hop])


def measure(figures: Figures, hops: Sequence[Hop], *, rounds: int, seconds: int) -> None:
    for _ in range(rounds):
        for clients in CLIENTS:
            for mode in MODES:
                for hop in hops:
                    found = burst(hop, mode=mode, clients=clients, seconds=seconds)
                    figures.bursts.setdefault((hop.name, mode, clients), []).append(found)
        for hop in hops:
            figures.drains.setdefault(hop.name, []).append(_checked(hop, drain(hop, BULK)))


def _checked(hop: Hop, found: Drain) -> Drain:
    """Two columns are hidden through Warded, and nothing of them is elsewhere."""
    clear = (b"person1@mail" in found.head, b"4242424200000001" in found.head)
    hidden = (b"p***@m***.com" in found.head, b"**** **** **** 0001" in found.head)
    if (clear, hidden) != (((False, False), (True, True)) if hop.masks else ((True, True), (False, False))):
        raise RuntimeError(f"{hop.name}: other columns are hidden than were to be: {found.head[-400:]!r}")
    return found


def bars(figures: Figures, *, rows: int) -> list[Verdict]:
    bouncer, ours = "pgbouncer", "Warded"
    one, eight = figures.worst_added(ours, 1), figures.worst_added(ours, 8)
    cpu = figures.cpu(ours, 8) / figures.cpu(bouncer, 8)
    many = figures.worst_added(ours, 32) / figures.worst_added(bouncer, 32)
    time = figures.bulk(ours, lambda each: each.seconds) / figures.bulk("direct", lambda each: each.seconds)
    spent = figures.bulk(ours, lambda each: each.cpu) / figures.bulk(bouncer, lambda each: each.cpu)
    walk = figures.walks.get(f"compiled, {CONSTANT}", 0.0)
    pure = rows / figures.bulk("Warded, pure Python walk", lambda each: each.seconds) / 1e6
    found: list[tuple[str, float, float, bool]] = [
        ("added p50 at 1 client, us (worst mode)", one, 150, one <= 150),
        ("added p50 at 8 clients, us (worst mode)", eight, 300, eight <= 300),
        ("CPU a query at 8 clients, times pgbouncer's", cpu, 1.5, cpu <= 1.5),
        ("added p50 at 32 clients, times pgbouncer's", many, 2.0, many <= 2.0),
        ("bulk, masked: time, times direct", time, 1.3, time <= 1.3),
        ("bulk, masked: CPU, times pgbouncer's", spent, 1.5, spent <= 1.5),
        ("walk alone, compiled, M masked rows/s", walk, 20, walk >= 20),
        ("pure Python walk end to end, M masked rows/s", pure, 0.3, pure >= 0.3),
    ]
    return found


def show(console: Console, figures: Figures) -> None:
    names = list(dict.fromkeys(name for name, _mode, _clients in figures.bursts))
    modes = [f"{mode} p50 / added us" for mode in MODES]
    table = _table("pgbench -S through each hop, medians", "hop", "clients", *modes, "CPU us a query")
    for clients in CLIENTS:
        for name in names:
            cells = [
                f"{figures.p50(name, mode, clients):.0f} / {figures.added(name, mode, clients):+.0f}" for mode in MODES
            ]
            table.add_row(name, str(clients), *cells, f"{figures.cpu(name, clients):.0f}")
    console.print(table)
    table = _table(
        "Bulk: all rows, 8 columns, two of them hidden by Warded", "hop", "seconds", "times direct", "CPU ms", "MB"
    )
    base = figures.bulk("direct", lambda each: each.seconds)
    for name in figures.drains:
        seconds, size = figures.bulk(name, lambda each: each.seconds), figures.drains[name][0].size / 1e6
        spent = figures.bulk(name, lambda each: each.cpu) * 1e3
        table.add_row(name, f"{seconds:.2f}", f"{seconds / base:.2f}", f"{spent:.0f}", f"{size:.0f}")
    console.print(table)
    table = _table("Connections", "what", "figure")
    for name, seconds in figures.connects.items():
        table.add_row(f"{name}: log-in and first query", f"{seconds * 1e3:.2f} ms")
    for name, size in figures.idle.items():
        table.add_row(f"{name}: resident memory of an idle connection", f"{size / 1024:.1f} KiB")
    for name, rate in figures.walks.items():
        table.add_row(f"row walk alone, {name}", f"{rate:.2f} M rows/s")
    console.print(table)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="left" if place == 0 else "right")
    return table


def chart(figures: Figures, rows: int) -> str:
    names = list(dict.fromkeys(name for name, _mode, _clients in figures.bursts if name != "direct"))
    panels: list[tuple[str, list[Bar]]] = []
    for clients in CLIENTS:
        title = f"pgbench -S prepared, {clients} client{'s' * (clients > 1)}: added p50, µs"
        panels.append((title, [Bar(name, figures.added(name, "prepared", clients)) for name in names]))
    panels.append(("CPU of the hop a query at 8 clients, µs", [Bar(name, figures.cpu(name, 8)) for name in names]))
    base = figures.bulk("direct", lambda each: each.seconds)
    bulk = [Bar(name, figures.bulk(name, lambda each: each.seconds) / base, 2) for name in figures.drains]
    panels.append((f"{rows:,} rows × 8 columns, two hidden by Warded: times the direct way", bulk))
    return draw(panels)


def main(*, rounds: int, seconds: int, rows: int, idlers: int, picture: Path | None) -> int:
    console, figures = Console(width=120), Figures()
    for walk, kind in ((rows_walk.walk, rows_walk.KIND), (rows_py.walk, "python")):
        figures.walks |= {f"{kind}, {hidden}": rate for hidden, rate in walk_rates(walk).items()}
    settings = {"max_connections": str(idlers + 200), "shared_buffers": "256MB"}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server: Server = stack.enter_context(start_postgres(settings=settings, hba=HBA))
        issued = Authority().issue("localhost", "127.0.0.1")
        (folder / "door.pem").write_bytes(issued.certificate)
        (folder / "door.key").write_bytes(issued.key)
        certificate = folder / "door.pem", folder / "door.key"
        database = make_database(server, rows=rows, scale=5)
        bouncer, bouncer_tls = stack.enter_context(pgbouncer(server, database, certificate))
        ours, ours_tls, native = stack.enter_context(warded(server, database, folder / "ours", certificate))
        straight = direct(server, database)
        measure(figures, [straight, bouncer, ours, bouncer_tls, ours_tls], rounds=rounds, seconds=seconds)
        figures.connects["direct, SCRAM"] = connects(server.dsn(database), sslmode="disable")
        figures.connects["pgbouncer, TLS, password in clear"] = connects(bouncer_tls.dsn, sslmode="require")
        scram = f"postgresql://{native.user}:{native.password}@127.0.0.1:{ours_tls.port}/shop"
        figures.connects["Warded, TLS, SCRAM"] = connects(scram, sslmode="require")
        for hop in (ours, ours_tls):
            figures.idle[hop.name] = idle(hop, idlers)
        pure, _tls, _native = stack.enter_context(warded(server, database, folder / "pure", certificate, pure=True))
        for _ in range(rounds):
            figures.drains.setdefault(pure.name, []).append(_checked(pure, drain(pure, BULK)))
    show(console, figures)
    verdicts = bars(figures, rows=rows)
    for what, measured, bar, held in verdicts:
        console.print(f"{'held  ' if held else 'MISSED'} {what}: {measured:.2f} (bar {bar:g})")
    if picture is not None:
        picture.write_text(chart(figures, rows), "utf-8")
    return 0 if all(held for *_, held in verdicts) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1, help="of each burst")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the bulk answer")
    parser.add_argument("--idle", type=int, default=500, help="idle connections, each with a server process of its own")
    parser.add_argument("--picture", type=Path, help="write the chart there (SVG)")
    options = parser.parse_args()
    given = {"rounds": options.rounds, "seconds": options.seconds, "rows": options.rows, "idlers": options.idle}
    sys.exit(main(**given, picture=options.picture))
