"""Adds to a description of tables how each column comes masked: what a model wants to know before it writes a query."""

from __future__ import annotations

from dataclasses import replace

from backends.base import Column
from catalog.labels import Labels
from catalog.model import Locator
from server.answer import Answer

PLACE = ("schema", "table", "column")
MASKED_AS = Column("masked_as", "text")


def with_labels(answer: Answer, labels: Labels) -> Answer:
    """The answer with one column more: the label that hides the described column, NULL where it comes clear."""
    names = [column.name for column in answer.columns]
    if answer.status != "ok" or not set(PLACE) <= set(names):
        return answer
    schema, table, column = (names.index(name) for name in PLACE)
    rows = [[*row, _label(labels, row[schema], row[table], row[column])] for row in answer.rows]
    return replace(answer, columns=(*answer.columns, MASKED_AS), rows=rows)


def _label(labels: Labels, schema: str | None, table: str | None, column: str | None) -> str | None:
    if schema is None or table is None or column is None:  # a table without columns
        return None
    return labels.column(Locator("column", (schema, table, column)))
