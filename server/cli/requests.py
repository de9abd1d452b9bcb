"""warded requests: what agents wait for, and people's answers. Through the REST API, so every answer has a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

import typer

from server.cli.command import ConfigOption, JsonOption, command, group, load
from server.cli.rest import TokenOption, call
from server.cli.terminal import note, print_facts, print_json, print_table, when

app = group("requests", "Operations that wait for approval.")

Request = Annotated[str, typer.Argument(help="Id of the request.")]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why; the requester reads it.")]


@app.command("list")
@command
def list_(
    status: Annotated[
        str, typer.Option("--status", help="pending, approved, denied, expired, done, ... or all.")
    ] = "pending",
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Requests that you made or may decide, newest first.

    \b
    Example:
      warded requests list --status all
    """
    wanted = None if status == "all" else status
    page = call(load(config).api_url, "/requests", token=token, query={"status": wanted, "limit": limit})
    if json:
        print_json(page)
        return
    rows = [
        (r["id"], r["status"], r["requester"], _agent(r), r["resource"], _short(r["text"]), ", ".join(r["approvers"]))
        for r in page["items"]
    ]
    print_table(("Request", "Status", "User", "Agent", "Resource", "Text", "Asked"), rows)


@app.command()
@command
def show(request: Request, token: TokenOption = "", config: ConfigOption = None, json: JsonOption = False) -> None:
    """One request: everything that would run.

    \b
    Example:
      warded requests show 3f9a
    """
    found = call(load(config).api_url, f"/requests/{quote(request, safe='')}", token=token)
    print_json(found) if json else print_facts(_facts(found))


@app.command()
@command
def approve(
    request: Request,
    comment: Comment = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Let it run, once.

    \b
    Example:
      warded requests approve 3f9a -m "checked with Ada"
    """
    _decide(request, "approve", comment=comment, token=token, api_url=load(config).api_url, json=json)


@app.command()
@command
def deny(
    request: Request,
    comment: Comment = "",
    token: TokenOption = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Refuse it.

    \b
    Example:
      warded requests deny 3f9a -m "not in business hours"
    """
    _decide(request, "deny", comment=comment, token=token, api_url=load(config).api_url, json=json)


def _decide(request: str, answer: str, *, comment: str, token: str, api_url: str, json: bool) -> None:
    path = f"/requests/{quote(request, safe='')}/{answer}"
    found = call(api_url, path, token=token, body={"comment": comment})
    if json:
        print_json(found)
    else:
        note(f"Request {found['id']} is now {found['status']}.")


def _facts(found: Mapping[str, Any]) -> dict[str, object]:
    votes = [
        f"{vote['user']} for {vote['group']}: {'yes' if vote['approve'] else 'no'} {vote['comment']}"
        for vote in found["votes"]
    ]
    return {
        "request": found["id"],
        "status": found["status"],
        "user": found["requester"],
        "agent": _agent(found),
        "resource": f"{found['resource']} as {found['login']}",
        "text": found["text"],
        "parameters": ", ".join(map(repr, found["parameters"])),
        "effects": ", ".join(found["facts"].get("effects", [])),
        "asked": ", ".join(found["approvers"]),
        "votes": "; ".join(votes),
        "made": when(found["created_at"]),
        "expires": when(found["expires_at"]),
        "outcome": found["outcome"],
    }


def _agent(found: Mapping[str, Any]) -> str:
    return str(found["client_name"] or found["client_id"])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"
