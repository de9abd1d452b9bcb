"""Counts cells: what was found, taken for another kind, missed, or masked without need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.evaluation.tables import Column, Table

Guess = Sequence[Sequence[str]]
"""For every column of a table the label of each cell, "" = nothing."""

GRAVE = ("EMAIL", "CREDIT_CARD", "SSN", "IBAN", "SECRET", "PASSWORD", "CVV")


@dataclass(slots=True)
class Score:
    """Cells by label. `right`: type as labelled; `found`: any type; `said`: cells that were given the label."""

    cells: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    over: int = 0
    over_names: Counter[str] = field(default_factory=Counter)
    missed_names: Counter[str] = field(default_factory=Counter)

    def add(self, column: Column, guesses: Iterable[str]) -> None:
        if column.label == "TEXT":
            return
        for guess in guesses:
            said = "" if guess == "TEXT" else guess
            self.said[said] += bool(said)
            if column.label:
                self._sensitive(column, said)
            else:
                self.clean += 1
                self.over += bool(said)
                self.over_names[f"{column.name} as {said}"] += bool(said)

    def _sensitive(self, column: Column, said: str) -> None:
        self.cells[column.label] += 1
        self.right[column.label] += said == column.label
        self.found[column.label] += bool(said)
        self.missed_names[f"{column.name} ({column.label})"] += not said

    @property
    def recall(self) -> float:
        """Of sensitive cells, how many were taken for something sensitive."""
        return self.found.total() / max(1, self.cells.total())

    @property
    def over_mask(self) -> float:
        return self.over / max(1, self.clean)

    @property
    def typed_f1(self) -> float:
        right = self.right.total()
        return 2 * right / max(1, self.said.total() + self.cells.total())

    def of(self, label: str) -> tuple[float, float, float, float]:
        """Precision, recall, F1 with the right type, and leak (nothing said) of one label."""
        precision = self.right[label] / max(1, self.said[label])
        recall = self.right[label] / max(1, self.cells[label])
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        return precision, recall, f1, 1 - self.found[label] / max(1, self.cells[label])


def total(tables: Sequence[Table], guesses: Sequence[Guess], *, groups: Sequence[str]) -> Score:
    score = Score()
    for table, guess in zip(tables, guesses, strict=True):
        if table.group in groups:
            for column, cells in zip(table.columns, guess, strict=True):
                score.add(column, cells)
    return score
