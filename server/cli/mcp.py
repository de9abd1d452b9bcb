"""warded mcp: other MCP servers behind Warded, what they say of their tools, and what people decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from server.cli import mcp_add, mcp_import, mcp_review
from server.cli.command import CHECK_FAILED, CommandFailed, ConfigOption, JsonOption, command, group, load, with_store
from server.cli.terminal import print_json, print_table, when

if TYPE_CHECKING:
    from server.config import Config

app = group("mcp", "Other MCP servers behind Warded: add them, import them, review what they say.")

StateName = Literal["pending", "accepted", "rejected", "superseded"]
ServerOption = Annotated[str, typer.Option("--resource", "-r", help="Only this server.")]


def servers(config: Config) -> set[str]:
    """Names of the resources that are MCP servers."""
    return {name for name, resource in config.resources.items() if resource.kind == "mcp"}


@app.command("list")
@command
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Every MCP server, where it is, and how much of it waits for a review.

    \b
    Example:
      warded mcp list
    """
    from dataclasses import asdict

    from server.pins.listing import list_servers

    settings = load(config)
    found = with_store(settings, lambda store: list_servers(store, servers(settings)))
    if json:
        print_json([asdict(each) for each in found])
        return
    rows = [
        (each.resource, settings.resources[each.resource].address, each.accepted, each.pending, each.suspicious,
         "disabled" if each.disabled_at else when(each.first_seen) or "never seen")
        for each in found
    ]  # fmt: skip
    print_table(("Server", "Address", "Accepted", "Waiting", "Suspicious", "First seen"), rows)


@app.command("tools")
@command
def tools(
    resource: ServerOption = "",
    state: Annotated[StateName | None, typer.Option("--state", "-s", help="Only versions in this state.")] = None,
    search: Annotated[str, typer.Option("--search", "-q", help="Part of a name.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 500,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Tools and prompts of MCP servers, every version of them, and what was decided.

    \b
    Example:
      warded mcp tools -r tracker --state pending
    """
    from dataclasses import asdict

    from server.pins.listing import Filter, list_entries

    settings = load(config)
    wanted = Filter({resource} if resource else servers(settings), state=state or "", text=search)
    found = with_store(settings, lambda store: list_entries(store, wanted, limit=limit))
    if json:
        print_json([asdict(each) for each in found])
        return
    rows = [
        (each.resource, each.kind, each.name, each.digest[:12], each.state,
         " ".join(sorted({doubt["code"] for doubt in each.suspicions})), when(each.last_seen))
        for each in found
    ]  # fmt: skip
    print_table(("Server", "Kind", "Name", "Version", "State", "Suspicions", "Seen"), rows)


@app.command()
@command
def history(
    resource: ServerOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """What was found and decided, newest first.

    \b
    Example:
      warded mcp history -r tracker
    """
    from server.pins.listing import history as read

    settings = load(config)
    names = {resource} if resource else servers(settings)
    found = with_store(settings, lambda store: read(store, names, limit=limit))
    if json:
        print_json(found)
        return
    rows = [
        (when(each["at"]), each["resource"], each["name"], each["what"], each["digest"][:12], each["by"] or "warded",
         each["why"])
        for each in found
    ]  # fmt: skip
    print_table(("At", "Server", "Name", "What", "Version", "By", "Why"), rows)


@app.command("test")
@command
def check(
    name: Annotated[str, typer.Argument(help="Name of the server.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Reach a server now and say what it offers. A server of its own process is started for it.

    \b
    Example:
      warded mcp test tracker
    """
    import asyncio

    from server.cli.report import print_report
    from server.doctor.targets import check_targets

    settings = load(config)
    if name not in servers(settings):
        raise CommandFailed(f"{name} is no MCP server of the configuration", "`warded mcp list` shows them.")
    only = settings.model_copy(update={"resources": {name: settings.resources[name]}})
    lines = asyncio.run(check_targets(only))
    print_report(lines, json=json)
    if any(line.status == "fail" for line in lines):
        raise typer.Exit(CHECK_FAILED)


app.command()(mcp_review.show)
app.command()(mcp_review.review)
app.command()(mcp_review.accept)
app.command()(mcp_review.reject)
app.command()(mcp_review.undo)
app.command()(mcp_review.disable)
app.command()(mcp_review.enable)
app.command()(mcp_add.add)
app.command("import")(mcp_import.import_)
