"""How well a fitted net does on made tables that it has not seen, as a whole and with evidence taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalog.columns.features import DENSE_NAMES, Features, Hashed, encode
from catalog.columns.net import CLASSES, SENSITIVE, Floats, Net, probabilities
from catalog.columns.shapes import NAMES
from catalog.columns.training.examples import shown
from catalog.columns.training.tables import MadeTable
from catalog.columns.view import prepare

_NOTHING = Hashed(np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Result:
    """Of one label or of all: columns, precision, recall with the right type, recall with any, over-masked share."""

    columns: int
    precision: float
    recall: float
    any_recall: float
    over: float


Change = Callable[[Net, Features], Features]


def same(_net: Net, column: Features) -> Features:
    return column


def no_name(net: Net, column: Features) -> Features:
    return replace(column, name=_NOTHING, dense=_averaged(net, column.dense, ("name ", "veto", "property", "nameless")))


def no_values(net: Net, column: Features) -> Features:
    ends = tuple(NAMES)
    return replace(column, values=_NOTHING, dense=_averaged(net, column.dense, (), ends=ends))


def no_context(net: Net, column: Features) -> Features:
    return replace(column, context=_NOTHING, dense=_averaged(net, column.dense, ("table ",)))


def _averaged(net: Net, dense: Floats, starts: tuple[str, ...], *, ends: tuple[str, ...] = ("\n",)) -> Floats:
    chosen = [name.startswith(starts) if starts else name.endswith(ends) for name in DENSE_NAMES]
    return np.where(np.array(chosen), net.mean, dense).astype(np.float32)


def guesses(net: Net, tables: Sequence[MadeTable], *, change: Change = same, apart: bool = False) -> Floats:
    """The chances of every column of the tables; `apart` = each column as if it were alone."""
    rows = []
    for table in tables:
        columns = [change(net, column) for column in encode(table.name, prepare(table.name, shown(table)))]
        rows.extend([probabilities(net, [column]) for column in columns] if apart else [probabilities(net, columns)])
    return np.concatenate(rows)


def score(chances: Floats, tables: Sequence[MadeTable], *, doubt: float) -> dict[str, Result]:
    """By label, and under "all". A column is sensitive when the chance of all sensitive classes reaches `doubt`."""
    truth = np.array([CLASSES.index(column.label) for table in tables for column in table.columns])
    masked = chances[:, :SENSITIVE].sum(1) >= doubt
    said = np.where(masked, chances[:, :SENSITIVE].argmax(1), -1)
    clean = truth >= SENSITIVE
    over = float(masked[clean].mean())
    results = {CLASSES[label]: _of(label, truth, said, over=over) for label in range(SENSITIVE)}
    sensitive = ~clean
    right = float((said == truth)[sensitive].sum())
    results["all"] = Result(
        int(sensitive.sum()),
        right / max(1, int(masked.sum())),
        right / max(1, int(sensitive.sum())),
        float(masked[sensitive].mean()),
        over,
    )
    return results


def _of(label: int, truth: Floats, said: Floats, *, over: float) -> Result:
    ours, guessed = truth == label, said == label
    right = float((ours & guessed).sum())
    count = max(1, int(ours.sum()))
    return Result(
        int(ours.sum()), right / max(1, int(guessed.sum())), right / count, float((said[ours] >= 0).sum() / count), over
    )
