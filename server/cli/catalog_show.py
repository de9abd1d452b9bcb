"""warded catalog show, why and history: one column and its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from server.cli.command import USAGE, CommandFailed, ConfigOption, JsonOption, command, load, with_store
from server.cli.terminal import print_facts, print_json, print_table, when

if TYPE_CHECKING:
    from server.catalog.listing import Details
    from server.config import Config

ResourceName = Annotated[str, typer.Argument(help="Name of the resource.")]
ColumnName = Annotated[str, typer.Argument(help="SCHEMA.TABLE.COLUMN, or the end of it where that is clear.")]


@command
def show(resource: ResourceName, column: ColumnName, config: ConfigOption = None, json: JsonOption = False) -> None:
    """One column: what it holds, why, who reads it, what was decided.

    \b
    Example:
      warded catalog show shop public.customers.email
    """
    from dataclasses import asdict

    found = details_of(load(config), resource, column)
    if json:
        print_json(asdict(found))
        return
    print_facts(_facts(found))
    if found.evidence:
        print()
        _print_evidence(found)
    if found.history:
        print()
        _print_history(found.history)


@command
def why(
    resource: ResourceName,
    column: ColumnName,
    look: Annotated[bool, typer.Option("--look", help="Sample its table now, and take the verdict apart.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Which features moved the verdict on a column: its name, its values, its neighbours. No value is kept or shown.

    \b
    Example:
      warded catalog why shop customers.email
      warded catalog why shop customers.c7 --look
    """
    from server.cli.catalog_why import looked_at, print_look

    settings = load(config)
    found = details_of(settings, resource, column)
    apart = looked_at(settings, found.entry) if look else None
    if json:
        facts = {"place": found.entry.place, "label": found.entry.label, "evidence": found.evidence}
        print_json(facts | ({"look": apart} if apart else {}))
        return
    entry = found.entry
    print(f"{entry.resource}:{entry.place} is {entry.label or 'clear'} ({entry.state})")
    if entry.pin:
        print(
            f"  pinned by {entry.pin['by']}: {entry.pin['decision']} {entry.pin['label']} {entry.pin['why']}".rstrip()
        )
    for each in found.evidence:
        print(f"  {each['label']} by {each['kind']} ({each['detector']}, {each['confidence']:.2f})")
        for name, words in each["detail"].items():
            print(f"    {name}: {words}")
    if not found.evidence:
        print("  nothing sensitive was ever found in its name, its values or its neighbours")
    if apart:
        print_look(apart)


@command
def history(
    resource: Annotated[str, typer.Argument(help="Only this resource.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """What was found and decided, newest first.

    \b
    Example:
      warded catalog history shop
    """
    from server.catalog.listing import history as changes

    scope = {resource} if resource else None
    found = with_store(load(config), lambda store: changes(store, scope, limit=limit))
    print_json(found) if json else _print_history(found)


def details_of(settings: Config, resource: str, column: str) -> Details:
    """The one column that is meant. Raises CommandFailed when none is, or several are."""
    from server.catalog.listing import Filter, details, list_entries
    from server.store.engine import Store

    async def work(store: Store) -> Details:
        text = column.strip(".")
        near = await list_entries(store, Filter({resource}, text=text.rpartition(".")[2]), limit=10_000)
        gone = await list_entries(store, Filter({resource}, state="vanished", text=text.rpartition(".")[2]), limit=200)
        found = [entry for entry in (*near, *gone) if f".{entry.place}".endswith(f".{text}")]
        if not found:
            words = f"the catalog of {resource} has no column {column}"
            raise CommandFailed(
                words, f"`warded catalog list -r {resource}` shows all; `warded catalog scan` looks anew."
            )
        if len(found) > 1:
            places = ", ".join(entry.place for entry in found[:5])
            raise CommandFailed(f"{column} may be any of {places}", "Write more of its name.", code=USAGE)
        made = await details(store, resource, found[0].path)
        assert made is not None
        return made

    return with_store(settings, work)


def _facts(found: Details) -> dict[str, object]:
    entry, pin = found.entry, found.entry.pin
    about = "about " if found.approximate else ""
    return {
        "column": f"{entry.resource}:{entry.place}",
        "type": entry.type,
        "label": entry.label or "clear",
        "found": f"{entry.found or 'clear'} by {entry.detector or 'nothing'} ({entry.confidence:.2f})",
        "state": entry.state,
        "pin": f"{pin['decision']} {pin['label']} by {pin['by']}, {when(pin['at'])}: {pin['why']}" if pin else "",
        "first seen": when(entry.first_seen) if entry.first_seen else "",
        "scanned": when(entry.scanned_at) if entry.scanned_at else "never",
        "vanished": when(entry.vanished_at),
        "read": f"{about}{entry.reads} times, {entry.masked_reads} of them masked, by {entry.people} people and "
        f"{entry.agents} agents",
        "last read": when(entry.last_read_at),
    }


def _print_evidence(found: Details) -> None:
    rows = [
        (each["label"], each["kind"], each["detector"], f"{each['confidence']:.2f}", each["hits"],
         when(each["first_seen"]), when(each["last_seen"]))
        for each in found.evidence
    ]  # fmt: skip
    print_table(("Evidence", "Kind", "Detector", "Sure", "Times", "First", "Last"), rows)


def _print_history(changes: list[dict[str, Any]]) -> None:
    rows = [
        (when(each["at"]), _place(each), each["what"], _turn(each), each["by"] or "warded", each["why"])
        for each in changes
    ]
    print_table(("When", "Column", "What", "Label", "By", "Why"), rows)


def _place(change: Mapping[str, Any]) -> str:
    return f"{change['resource']}:" + ".".join(
        part for part in (change["schema"], change["table"], change["column"]) if part
    )


def _turn(change: Mapping[str, Any]) -> str:
    return f"{change['before'] or 'clear'} -> {change['after'] or 'clear'}"
