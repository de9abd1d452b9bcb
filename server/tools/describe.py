"""Adds to a description of tables how each column comes masked: what a model wants to know before it writes a query."""

from __future__ import annotations

from dataclasses import replace

from backends.base import Column
from catalog.cellmask import Manner, cell_mask
from catalog.labels import Labels
from catalog.maskkey import Keyed
from catalog.model import Label, Locator
from server.answer import Answer

PLACE = ("schema", "table", "column")
MASKED_AS, MASK = Column("masked_as", "text"), Column("mask", "text")


def with_labels(answer: Answer, labels: Labels, *, keyed: Keyed) -> Answer:
    """The answer with two columns more: the label that hides the described column and the kind of its mask, NULL where
    it comes clear."""
    names = [column.name for column in answer.columns]
    if answer.status != "ok" or not set(PLACE) <= set(names):
        return answer
    schema, table, column = (names.index(name) for name in PLACE)
    type_at = names.index("type") if "type" in names else None
    manner = Manner(kinds=dict(answer.masks), keyed=keyed)
    rows: list[list[str | None]] = []
    for row in answer.rows:
        label = _label(labels, row[schema], row[table], row[column])
        type_name = "text" if type_at is None else row[type_at] or "text"
        rows.append([*row, label, cell_mask(label, type_name, manner).kind if label else None])
    return replace(answer, columns=(*answer.columns, MASKED_AS, MASK), rows=rows)


def _label(labels: Labels, schema: str | None, table: str | None, column: str | None) -> Label | None:
    if schema is None or table is None or column is None:  # a table without columns
        return None
    return labels.column(Locator("column", (schema, table, column)))
