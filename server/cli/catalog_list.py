"""warded catalog list and export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from server.cli.command import USAGE, CommandFailed, ConfigOption, JsonOption, command, load, with_store
from server.cli.terminal import note, print_json, print_table, when

if TYPE_CHECKING:
    from server.catalog.listing import Entry, Filter
    from server.store.engine import Store

StateName = Literal["labelled", "clear", "pending", "pinned", "unscanned", "vanished"]
ResourceOption = Annotated[str, typer.Option("--resource", "-r", help="Only this resource.")]
LabelOption = Annotated[str, typer.Option("--label", "-l", help="Only columns that carry this label.")]
StateOption = Annotated[StateName | None, typer.Option("--state", "-s", help="Only columns in this state.")]
TextOption = Annotated[str, typer.Option("--search", "-q", help="Part of a schema's, table's or column's name.")]


@command
def list_(
    resource: ResourceOption = "",
    label: LabelOption = "",
    state: StateOption = None,
    search: TextOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 100,
    after: Annotated[str, typer.Option("--after", help="Go on behind this RESOURCE:SCHEMA.TABLE.COLUMN.")] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Columns, what they hold and who reads them.

    \b
    Example:
      warded catalog list --label EMAIL --state pending
    """
    from dataclasses import asdict

    from server.catalog.listing import Filter

    wanted = Filter({resource} if resource else None, label=label.upper(), state=state or "", text=search)
    entries = with_store(load(config), lambda store: _page(store, wanted, after, limit))
    if json:
        print_json([asdict(entry) for entry in entries])
        return
    print_table(("Column", "Type", "Label", "State", "By", "Read", "People", "Agents", "Seen"), map(_row, entries))
    if len(entries) == limit:
        note(f"There may be more: --after {entries[-1].resource}:{entries[-1].place}")


@command
def export(
    form: Annotated[Literal["csv", "json", "openlineage"], typer.Option("--format", "-f", help="Form.")] = "json",
    resource: ResourceOption = "",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it to this file.")] = None,
    config: ConfigOption = None,
) -> None:
    """All columns as CSV, JSON lines, or OpenLineage dataset events with schema and tags. Never a value.

    \b
    Example:
      warded catalog export --format csv -o catalog.csv
    """
    import sys
    import time

    from server.catalog.export import export as lines
    from server.catalog.listing import Filter, every_entry

    async def work(store: Store) -> int:
        entries, count = every_entry(store, Filter({resource} if resource else None)), 0
        target = sys.stdout if output is None else output.open("w", encoding="utf-8")
        try:
            async for line in lines(entries, form, now=time.time()):
                target.write(line)
                count += 1
        finally:
            if output is not None:
                target.close()
        return count

    count = with_store(load(config), work)
    if output is not None:
        note(f"{count} lines written to {output}.")


async def _page(store: Store, wanted: Filter, after: str, limit: int) -> list[Entry]:
    """As many pages as are needed."""
    from server.catalog.listing import PAGE, list_entries

    position = _position(after) if after else None
    found: list[Entry] = []
    while len(found) < limit:
        page = await list_entries(store, wanted, after=position, limit=min(PAGE, limit - len(found)))
        found += page
        if len(page) < PAGE:
            break
        position = (page[-1].resource, *page[-1].path)
    return found


def _position(text: str) -> tuple[str, str, str, str]:
    resource, colon, place = text.partition(":")
    parts = place.split(".", 2)
    if not colon or len(parts) != 3:
        raise CommandFailed("--after is not a column", "Write it as RESOURCE:SCHEMA.TABLE.COLUMN.", code=USAGE)
    return resource, parts[0], parts[1], parts[2]


def _row(entry: Entry) -> tuple[object, ...]:
    place = f"{entry.resource}:{entry.place}"
    seen = when(entry.scanned_at) if entry.scanned_at else "never"
    counts = (entry.reads, entry.people, entry.agents)
    return place, entry.type, entry.label or "-", entry.state, entry.detector, *counts, seen
