"""The figures as Markdown tables and as a chart, and the bars that they must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.evaluation.chart import chart
from tests.evaluation.score import GRAVE, Guess, Score, total
from tests.evaluation.tables import Table

START, END = "<!-- eval -->", "<!-- /eval -->"
NAMED = ("named", "single", "held out", "unseen")
GROUPS = (
    ("blind", "a second generator, written when the net was fixed, looked at once", ("blind",)),
    ("blind, nameless", "the same without names", ("blind nameless",)),
    ("unseen", "names looked at last", ("unseen",)),
    ("held out", "names looked at early", ("held out",)),
    ("named", "names looked at all the time", ("named",)),
    ("one row", "the same with a single row", ("single",)),
    ("nameless", "`col_3`, `?column?`, `coalesce`", ("opaque",)),
)


def text(
    tables: Sequence[Table],
    ours: Sequence[Guess],
    theirs: Sequence[Guess],
    *,
    speed: tuple[float, float],
    measured: Sequence[Figures],
) -> str:
    lines = [
        f"{len(tables)} tables, {sum(len(table.columns) for table in tables)} columns. Shares of cells.",
        "",
        "| tables | | found | clean cells masked | F1, right label | Presidio: found | masked | F1 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, about, groups in GROUPS:
        mine, other = total(tables, ours, groups=groups), total(tables, theirs, groups=groups)
        lines.append(f"| {name} | {about} | {_three(mine)} | {_three(other)} |")
    lines += ["", *_by_label(total(tables, ours, groups=NAMED), total(tables, theirs, groups=NAMED))]
    cold = f"Cold, every column judged anew, on one core: {speed[0]:,.0f} cells a second; Presidio {speed[1]:,.0f}."
    lines += ["", *seeds_text(measured), "", cold]
    return "\n".join(lines)


def _three(score: Score) -> str:
    return f"{score.recall:.3f} | {score.over_mask:.3f} | {score.typed_f1:.3f}"


def _by_label(mine: Score, other: Score) -> list[str]:
    lines = [
        "| label, in all tables with names | cells | precision | recall | F1 | leak | Presidio: F1 | leak |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label in sorted(mine.cells):
        precision, recall, f1, leak = mine.of(label)
        _p, _r, their_f1, their_leak = other.of(label)
        figures = f"{precision:.2f} | {recall:.2f} | {f1:.2f} | {leak:.3f} | {their_f1:.2f} | {their_leak:.3f}"
        lines.append(f"| {label} | {mine.cells[label]} | {figures} |")
    return lines


def drawn(tables: Sequence[Table], ours: Sequence[Guess], theirs: Sequence[Guess]) -> str:
    mine, other = total(tables, ours, groups=NAMED), total(tables, theirs, groups=NAMED)
    rows = [(label, mine.of(label)[3], other.of(label)[3]) for label in sorted(mine.cells)]
    rows.append(("clean, masked", mine.over_mask, other.over_mask))
    return chart(rows, "Sensitive cells that are not seen, and clean cells that are masked")


def filled(page: str, figures: str) -> str:
    before, _, rest = page.partition(START)
    return f"{before}{START}\n{figures}\n{END}{rest.partition(END)[2]}"


@dataclass(frozen=True, slots=True)
class Figures:
    """What bars are asked of at one seed: shares of cells, with names and without; the graves' leaks."""

    found: float
    masked: float
    typed: float
    nameless_found: float
    nameless_masked: float
    leaked: int


ABOUT = (
    ("found, with names", "found", 0.965, 0.95),
    ("clean cells masked, with names", "masked", 0.05, 0.06),
    ("F1 with the right label", "typed", 0.92, 0.90),
    ("found, without names", "nameless_found", 0.92, 0.87),
    ("clean cells masked, without names", "nameless_masked", 0.12, 0.17),
    ("leaked cells of the gravest labels, with names", "leaked", 0, 0),
)
"""Figure, field, bar of the mean over all seeds, bar of every single seed. Shares masked must stay below."""


def figures(tables: Sequence[Table], ours: Sequence[Guess]) -> Figures:
    named, nameless = total(tables, ours, groups=NAMED), total(tables, ours, groups=("opaque",))
    leaked = sum(named.cells[label] - named.found[label] for label in GRAVE)
    return Figures(named.recall, named.over_mask, named.typed_f1, nameless.recall, nameless.over_mask, leaked=leaked)


def missed_bars(measured: Sequence[Figures]) -> list[str]:
    """One line for each bar that the mean or a single seed does not hold."""
    missed = []
    for name, mean, worst, bar, floor in _spread(measured):
        low = bar > 0.5
        for what, value, limit in (("in the mean", mean, bar), ("at one seed", worst, floor)):
            if value < limit if low else value > limit:
                missed.append(f"missed: {name} is {value:.4f} {what}")
    return missed


def _spread(measured: Sequence[Figures]) -> list[tuple[str, float, float, float, float]]:
    found = []
    for name, field, bar, floor in ABOUT:
        values = [float(getattr(one, field)) for one in measured]
        worst = min(values) if bar > 0.5 else max(values)
        found.append((name, sum(values) / len(values), worst, float(bar), float(floor)))
    return found


def seeds_text(measured: Sequence[Figures]) -> list[str]:
    """The mean and the worst of several seeds beside their bars."""
    lines = [
        f"The first generator at {len(measured)} seeds:",
        "",
        "| | mean | bar | worst seed | bar |",
        "| --- | --- | --- | --- | --- |",
    ]
    return lines + [
        f"| {name} | {mean:.3f} | {bar:g} | {worst:.3f} | {floor:g} |"
        for name, mean, worst, bar, floor in _spread(measured)
    ]
