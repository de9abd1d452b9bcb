"""A verdict taken apart: the column is sampled now, and the model asked again without each kind of evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from server.cli.catalog_scan import named
from server.cli.command import CommandFailed

if TYPE_CHECKING:
    from server.catalog.listing import Entry
    from server.config import Config

SAMPLE = 50
WORDS = {
    "chances": "likeliest",
    "moved": "how much each kind of evidence adds",
    "strongest": "single measures that add most",
    "rules": "what rules alone say",
}


def looked_at(settings: Config, entry: Entry) -> dict[str, Any]:
    """Chances between -1 and 1, never a value. Raises CommandFailed and UpstreamError."""
    from backends import load_backends
    from catalog.columns.explain import explain
    from catalog.columns.view import ColumnView
    from server.secrets import exposed

    resource = named(settings, entry.resource)
    backend = next(each for each in load_backends() if each.name == resource.kind)

    async def sampled() -> list[ColumnView]:
        upstream = backend.open(resource, exposed)
        try:
            wanted = upstream.scan(sample=SAMPLE, wanted=lambda *table: table == (entry.schema, entry.table))
            return [ColumnView(each.locator.path[-1], each.type, each.values) async for each in wanted]
        finally:
            await upstream.close()

    columns = asyncio.run(sampled())
    place = next((index for index, column in enumerate(columns) if column.name == entry.column), None)
    if place is None:
        raise CommandFailed(f"{entry.place} cannot be sampled now", "`warded doctor` says whether the scanner may.")
    made = explain(entry.table, columns, place)
    return {name: dict(getattr(made, name)) for name in WORDS}


def print_look(apart: Mapping[str, Mapping[str, Any]]) -> None:
    for name, words in WORDS.items():
        said = ", ".join(f"{key} {value}" for key, value in apart[name].items())
        print(f"  {words}: {said or 'nothing'}")
