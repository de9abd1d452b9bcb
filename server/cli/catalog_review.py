"""warded catalog review, pin, unpin and accept: decisions of people, by name, through the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from server.cli.catalog_show import ColumnName, ResourceName, details_of
from server.cli.command import ConfigOption, JsonOption, command, load
from server.cli.rest import TokenOption, call
from server.cli.terminal import note, print_json, print_table, when

Why = Annotated[str, typer.Option("--why", "-m", help="Kept in the history.")]


@command
def review(
    resource: Annotated[str, typer.Option("--resource", "-r", help="Only this resource.")] = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """What waits for a review, and what may be done about it. Exits 0 even when nothing waits.

    \b
    Example:
      warded catalog review
    """
    query = {"state": "pending", "resource": resource, "limit": 200}
    page = call(load(config).api_url, "/catalog/columns", token=token, query=query)
    if json:
        print_json(page)
        return
    rows = [
        (f"{item['resource']}:{item['schema']}.{item['table']}.{item['column']}", item["label"], item["detector"],
         when(item["first_seen"]))
        for item in page["items"]
    ]  # fmt: skip
    print_table(("Column", "Label", "By", "First seen"), rows)
    if rows:
        note("Right: warded catalog accept. Wrong: warded catalog pin ... clear, or label NAME.")


@command
def pin(
    resource: ResourceName,
    column: ColumnName,
    decision: Annotated[Literal["label", "clear", "mask"], typer.Argument(help="label NAME, clear, or mask.")],
    label: Annotated[str, typer.Argument(help="With label: which.")] = "",
    why: Why = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say what a column holds; it beats every scan. clear: it may be seen, and nothing looks at it any more.

    \b
    Example:
      warded catalog pin shop orders.reference clear -m "order numbers, see the schema"
      warded catalog pin shop people.c7 label SSN
    """
    body = {"decision": decision, "label": label.upper()}
    _decide(resource, column, "pin", body | {"why": why}, token=token, config=config, json=json)


@command
def unpin(
    resource: ResourceName,
    column: ColumnName,
    why: Why = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Take a pin back: what scans found counts again.

    \b
    Example:
      warded catalog unpin shop orders.reference
    """
    _decide(resource, column, "unpin", {"why": why}, token=token, config=config, json=json)


@command
def accept(
    resource: ResourceName,
    column: ColumnName,
    why: Why = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """What was found is right; the column waits no longer.

    \b
    Example:
      warded catalog accept shop orders.contact
    """
    _decide(resource, column, "accept", {"why": why}, token=token, config=config, json=json)


def _decide(
    resource: str, column: str, path: str, body: dict[str, str], *, token: str, config: Any, json: bool
) -> None:
    settings = load(config)
    entry = details_of(settings, resource, column).entry
    place = {"resource": resource, "schema": entry.schema, "table": entry.table, "column": entry.column}
    found = call(settings.api_url, f"/catalog/{path}", token=token, body=place | body)
    if json:
        print_json(found)
    else:
        note(f"{resource}:{entry.place} is now {found['entry']['label'] or 'clear'} ({found['entry']['state']}).")
