"""Made tables as arrays to fit on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.columns.features import Features, Hashed, encode
from catalog.columns.net import CLASSES
from catalog.columns.training.tables import MadeTable
from catalog.columns.view import ColumnView, prepare


@dataclass(frozen=True, slots=True)
class Examples:
    """Columns of many tables: hashed parts (name, values, context) as long rows, dense numbers, class, table."""

    parts: tuple[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]], ...]
    dense: NDArray[np.float32]
    classes: NDArray[np.int64]
    tables: NDArray[np.int64]


def shown(table: MadeTable) -> list[ColumnView]:
    return [ColumnView(column.name, column.type, column.values) for column in table.columns]


def gather(tables: Iterable[MadeTable]) -> Examples:
    columns: list[Features] = []
    classes: list[int] = []
    numbers: list[int] = []
    for number, table in enumerate(tables):
        columns.extend(encode(table.name, prepare(table.name, shown(table))))
        classes.extend(CLASSES.index(column.label) for column in table.columns)
        numbers.extend([number] * len(table.columns))
    parts = (
        _joined([c.name for c in columns]),
        _joined([c.values for c in columns]),
        _joined([c.context for c in columns]),
    )
    dense = np.stack([column.dense for column in columns])
    return Examples(parts, dense, np.array(classes, np.int64), np.array(numbers, np.int64))


def _joined(rows: Sequence[Hashed]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    starts = np.concatenate([[0], np.cumsum([len(row.buckets) for row in rows])]).astype(np.int64)
    buckets = np.concatenate([row.buckets for row in rows]).astype(np.int32)
    return starts, buckets, np.concatenate([row.weights for row in rows])
