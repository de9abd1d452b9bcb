"""Added latency and throughput of an agent's query: `python -m tests.benchmarks.gateway`, or `make bench`.

Targets are measured in turn, round by round, in one run, so that a machine
whose speed drifts is fair to all; medians of the rounds are shown. The bars
are ratios and differences within this run, never times of another day.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from tests.benchmarks.load import Call, Round, cpu_seconds, resident_bytes, run_round
from tests.benchmarks.targets import Target, direct, make_database, toolbox, warded
from tests.support.servers.postgres import start_postgres

CLIENTS = (1, 16)
STAGE = re.compile(r'^warded_stage_seconds_sum\{stage="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass
class Measured:
    """All rounds of one target at one number of clients."""

    rounds: list[Round] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def p50_ms(self) -> float:
        return statistics.median(r.p50 for r in self.rounds) * 1e3

    @property
    def rate(self) -> float:
        return statistics.median(r.rate for r in self.rounds)

    @property
    def cpu_us(self) -> float:
        return statistics.median(self.cpu) * 1e6 if self.cpu else 0.0


Results = dict[tuple[str, int], Measured]


async def measure(targets: list[Target], *, rounds: int, calls: int) -> Results:
    results: Results = {(target.name, count): Measured() for target in targets for count in CLIENTS}
    callers = {target.name: [target.client() for _ in range(max(CLIENTS))] for target in targets}
    for target in targets:
        await run_round(callers[target.name], calls=max(CLIENTS) * 20)
    for _ in range(rounds):
        for count in CLIENTS:
            for target in targets:
                await _one(results[target.name, count], target, callers[target.name][:count], calls=calls)
    return results


async def _one(measured: Measured, target: Target, callers: list[Call], *, calls: int) -> None:
    before = cpu_seconds(target.pid) if target.pid else 0.0
    measured.rounds.append(await run_round(callers, calls=calls))
    if target.pid:
        measured.cpu.append((cpu_seconds(target.pid) - before) / calls)


async def stage_seconds(url: str) -> dict[str, float]:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{url}/metrics")).text
    return {name: float(value) for name, value in STAGE.findall(text)}


async def memory_growth(target: Target, *, calls: int) -> tuple[int, int]:
    """Resident bytes before and after `calls` more calls."""
    callers = [target.client() for _ in range(8)]
    await run_round(callers, calls=2000)
    before = resident_bytes(target.pid)
    await run_round(callers, calls=calls)
    return before, resident_bytes(target.pid)


def show(console: Console, targets: list[Target], results: Results) -> None:
    table = Table(title="One-row query through each door (medians of interleaved rounds)")
    for heading in ("target", "clients", "p50 ms", "added ms", "calls/s", "CPU us a call"):
        table.add_column(heading, justify="left" if heading == "target" else "right")
    for count in CLIENTS:
        base = results[targets[0].name, count].p50_ms
        for target in targets:
            row = results[target.name, count]
            added = f"{row.p50_ms - base:.3f}"
            cpu = f"{row.cpu_us:.0f}" if row.cpu else "-"
            table.add_row(target.name, str(count), f"{row.p50_ms:.3f}", added, f"{row.rate:.0f}", cpu)
    console.print(table)


def show_stages(console: Console, before: dict[str, float], after: dict[str, float], calls: int) -> None:
    table = Table(title="Time of each stage inside Warded (wall, exclusive)")
    for heading in ("stage", "us a call"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for name in after:
        table.add_row(name, f"{(after[name] - before.get(name, 0.0)) / calls * 1e6:.1f}")
    console.print(table)


def bars(results: Results, name: str, base: str, growth: int) -> list[tuple[str, float, float, bool]]:
    """(what, measured, bar, held) of every bar."""
    added = results[name, 1].p50_ms - results[base, 1].p50_ms
    cpu, rate = results[name, 16].cpu_us, results[name, 16].rate
    return [
        ("added p50 at 1 client, ms", added, 0.8, added <= 0.8),
        ("CPU a call at 16 clients, us", cpu, 500.0, cpu <= 500.0),
        ("calls/s at 16 clients", rate, 1200.0, rate >= 1200.0),
        ("memory after 10,000 calls, MB", growth / 1e6, 10.0, abs(growth) <= 10_000_000),
    ]


async def main(*, rounds: int, calls: int) -> int:
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as folder, start_postgres(settings={"max_connections": "100"}) as server:
        database = make_database(server)
        async with AsyncExitStack() as stack:
            base = await stack.enter_async_context(direct(server, database))
            ours = await stack.enter_async_context(warded(server, database, Path(folder)))
            peer = await stack.enter_async_context(toolbox(server, database, Path(folder)))
            before = await stage_seconds(ours.url)
            results = await measure([base, ours, peer], rounds=rounds, calls=calls)
            after = await stage_seconds(ours.url)
            low, high = await memory_growth(ours, calls=10_000)
    show(console, [base, ours, peer], results)
    show_stages(console, before, after, rounds * calls * len(CLIENTS) + max(CLIENTS) * 20)
    console.print(f"Resident: {low / 1e6:.1f} MB, after 10,000 more calls {high / 1e6:.1f} MB")
    verdicts = bars(results, ours.name, base.name, high - low)
    for what, measured, bar, held in verdicts:
        console.print(f"{'held  ' if held else 'MISSED'} {what}: {measured:.3f} (bar {bar:g})")
    return 0 if all(held for *_, held in verdicts) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=800, help="calls of each target in each round")
    options = parser.parse_args()
    sys.exit(asyncio.run(main(rounds=options.rounds, calls=options.calls)))
