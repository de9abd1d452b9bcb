"""The catalog for other programs: CSV, JSON lines, and OpenLineage dataset events with schema and tags.

OpenLineage 2-0-2 (DatasetEvent), SchemaDatasetFacet 1-1-1, TagsDatasetFacet 1-0-0. No export holds a value.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

from server.catalog.listing import Entry

Format = Literal["csv", "json", "openlineage"]
PRODUCER = "warded"
SPEC = "https://openlineage.io/spec"
COLUMNS = (
    "resource", "schema", "table", "column", "kind", "type", "label", "found", "state", "detector", "confidence",
    "first_seen", "scanned_at", "vanished_at", "reads", "masked_reads", "people", "agents", "last_read_at",
)  # fmt: skip


async def export(entries: AsyncIterator[Entry], form: Format, *, now: float) -> AsyncIterator[str]:
    """Lines with their ends, as they come."""
    if form == "csv":
        yield _csv(COLUMNS)
        async for entry in entries:
            yield _csv([_plain(getattr(entry, name)) for name in COLUMNS])
        return
    if form == "json":
        async for entry in entries:
            yield json.dumps(asdict(entry)) + "\n"
        return
    async for table in _tables(entries):
        yield json.dumps(_dataset(table, now)) + "\n"


async def _tables(entries: AsyncIterator[Entry]) -> AsyncIterator[list[Entry]]:
    table: list[Entry] = []
    async for entry in entries:
        if table and (entry.resource, *entry.path[:2]) != (table[0].resource, *table[0].path[:2]):
            yield table
            table = []
        table.append(entry)
    if table:
        yield table


def _dataset(table: list[Entry], now: float) -> dict[str, Any]:
    first = table[0]
    return {
        "eventTime": datetime.fromtimestamp(now, UTC).isoformat(),
        "producer": PRODUCER,
        "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
        "dataset": {
            "namespace": f"warded://{first.resource}",
            "name": ".".join(part for part in first.path[:2] if part),
            "facets": {
                "schema": {
                    **_facet("1-1-1/SchemaDatasetFacet"),
                    "fields": [{"name": entry.column, "type": entry.type} for entry in table],
                },
                "tags": {**_facet("1-0-0/TagsDatasetFacet"), "tags": [*_tags(table)]},
            },
        },
    }


def _tags(table: list[Entry]) -> Iterator[dict[str, str]]:
    for entry in table:
        if entry.label:
            yield {"key": "label", "value": entry.label, "source": "WARDED", "field": entry.column}
        if entry.state in ("pending", "pinned"):
            yield {"key": "review", "value": entry.state, "source": "WARDED", "field": entry.column}


def _facet(schema: str) -> dict[str, str]:
    version, name = schema.split("/")
    return {"_producer": PRODUCER, "_schemaURL": f"{SPEC}/facets/{version}/{name}.json"}


def _csv(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _plain(value: object) -> object:
    """A name that a spreadsheet would take for a formula gets an apostrophe in front."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
