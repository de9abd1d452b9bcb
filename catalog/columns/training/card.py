"""The model's card: what the net is, what it was made from, and how it did on made tables it had not seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.columns.training.validate import Result


@dataclass(frozen=True, slots=True)
class Facts:
    """What the card tells of one training run."""

    sha256: str
    size: int
    seed: int
    tables: int
    columns: int
    epochs: int
    doubt: float


_HEAD = """# Column net: model card

Made by `make train`; do not edit. `model.bin` has the SHA-256 `{sha256}` and is refused at load if it has not.

- **What it does**: says which of 21 sensitive kinds a column holds, or that it is clean, prose, or soft (town, login,
  salary: for policy to decide). It never decides alone: `catalog/classify.py` joins it with rules and check digits.
- **What it is**: two perceptrons of 96 hidden units in numpy ({size} bytes; hashed part in 8 bits, the rest in 16).
  The second also sees what the first thought of the other columns of the table.
- **What it reads**: runs of 2 to 4 letters and words of the column's name, the table's name and the other columns'
  names, the declared type, runs of 3 letters and measured shapes and checks of at most 12 values.
- **What it was made from**: {tables} invented tables, {columns} columns, seed {seed}, {epochs} passes; names in some
  twenty-five languages, three of eight tables without telling names, a quarter with one row, look-alikes in more than
  equal number. No real person's data.
- **Limits**: bare digits under a name of no language it knows, kinds of id that differ only by name (passport, driving
  licence, member number), and tables without names. Synthetic data is easier than real data: trust the figures of
  `make eval` (another generator, other places, other schemas) more than those below, and a review of your own catalog
  more than either.
"""


def card(facts: Facts, results: Mapping[str, Result], ablation: Mapping[str, Result]) -> str:
    """The card as Markdown."""
    head = _HEAD.format(
        sha256=facts.sha256,
        size=f"{facts.size:,}",
        tables=f"{facts.tables:,}",
        columns=f"{facts.columns:,}",
        seed=facts.seed,
        epochs=facts.epochs,
    )
    by_label = [
        f"| {label} | {r.columns} | {r.precision:.3f} | {r.recall:.3f} | {r.any_recall:.3f} |"
        for label, r in results.items()
    ]
    taken = [
        f"| {name} | {r.precision:.3f} | {r.recall:.3f} | {r.any_recall:.3f} | {r.over:.3f} |"
        for name, r in ablation.items()
    ]
    return "\n".join(
        (
            head,
            f"## The net alone on unseen made tables, masked from a chance of {facts.doubt}",
            "",
            "| kind | columns | precision | recall | found as anything |",
            "| --- | --- | --- | --- | --- |",
            *by_label,
            "",
            "## With evidence taken away",
            "",
            "| the net sees | precision | recall | found as anything | clean columns masked |",
            "| --- | --- | --- | --- | --- |",
            *taken,
            "",
        )
    )
