"""warded resources: what can be reached, and what is known of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.catalog_scan import named, scan_now
from server.cli.command import ConfigOption, JsonOption, command, group, load, with_store
from server.cli.terminal import note, print_facts, print_json, print_table

if TYPE_CHECKING:
    from server.scanning import ScanSummary
    from server.store.engine import Store

app = group("resources", "What can be reached, and what is known of its columns.")

Name = Annotated[str, typer.Argument(help="Name of the resource.")]


@app.command("list")
@command
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Every configured resource.

    \b
    Example:
      warded resources list
    """
    found = load(config).resources
    if json:
        print_json([{"name": name, **resource.model_dump(mode="json")} for name, resource in found.items()])
        return
    rows = [(name, r.kind, r.address, " ".join(f"{k}={v}" for k, v in r.tags.items())) for name, r in found.items()]
    print_table(("Resource", "Kind", "Address", "Tags"), rows)


@app.command()
@command
def show(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """One resource, its accounts, and the columns that a scan labelled.

    \b
    Example:
      warded resources show shop
    """
    from server.catalog_columns import columns_of

    settings = load(config)
    resource = named(settings, name)
    columns = with_store(settings, lambda store: columns_of(store, name))
    if json:
        print_json({"name": name, **settings.resources[name].model_dump(mode="json"), "columns": columns})
        return
    print_facts(
        {
            "resource": name,
            "kind": resource.kind,
            "address": resource.address,
            "description": resource.description,
            "tags": " ".join(f"{key}={value}" for key, value in resource.tags.items()),
            "logins": "; ".join(f"{login.user} for {', '.join(login.groups) or 'all'}" for login in resource.logins),
            "scanned": f"{len(columns)} columns" if columns else "never: every column is masked",
        }
    )
    labelled = [(f"{c['schema']}.{c['table']}.{c['column']}", c["type"], c["label"]) for c in columns if c["label"]]
    if labelled:
        print()
        print_table(("Column", "Type", "Label"), labelled)


@app.command()
@command
def scan(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """The same as `warded catalog scan`, which says more while it works.

    \b
    Example:
      warded resources scan shop
    """
    settings = load(config)
    resource = named(settings, name)

    async def work(store: Store) -> ScanSummary:
        return await scan_now(store, resource, sample=settings.catalog.sample, resume=True)

    summary = with_store(settings, work)
    if json:
        print_json({"resource": name, "columns": summary.columns, "labelled": summary.labelled})
    else:
        note(f"{summary.columns} columns looked at, {summary.labelled} labelled.")
