"""The figures as Markdown tables and as a chart, and the bars that they must hold."""

from __future__ import annotations

from collections.abc import Sequence

from tests.evaluation.chart import chart
from tests.evaluation.score import GRAVE, Guess, Score, total
from tests.evaluation.tables import Table

START, END = "<!-- eval -->", "<!-- /eval -->"
NAMED = ("named", "single", "held out", "unseen")
GROUPS = (
    ("unseen", "names never looked at while the net was made", ("unseen",)),
    ("held out", "names looked at once", ("held out",)),
    ("named", "names looked at", ("named",)),
    ("one row", "the same with a single row", ("single",)),
    ("nameless", "`col_3`, `?column?`, `coalesce`", ("opaque",)),
)


def text(tables: Sequence[Table], ours: Sequence[Guess], theirs: Sequence[Guess], *, speed: tuple[float, float]) -> str:
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
    lines += ["", cold]
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


def missed_bars(tables: Sequence[Table], ours: Sequence[Guess]) -> list[str]:
    """What is asked of tables with names and of those without; one line for each bar that does not hold."""
    named, nameless = total(tables, ours, groups=NAMED), total(tables, ours, groups=("opaque",))
    bars = [
        ("found with names", named.recall, named.recall >= 0.965),
        ("clean cells masked with names", named.over_mask, named.over_mask <= 0.05),
        ("F1 with the right label", named.typed_f1, named.typed_f1 >= 0.92),
        ("found without names", nameless.recall, nameless.recall >= 0.92),
        ("clean cells masked without names", nameless.over_mask, nameless.over_mask <= 0.12),
        *((f"{label} leak", named.of(label)[3], named.of(label)[3] == 0) for label in GRAVE),
    ]
    return [f"missed: {name} is {value:.4f}" for name, value, holds in bars if not holds]
