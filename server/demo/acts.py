"""What happens in the story: each act asks the running gateway, shows the answer, and checks it against the truth.

The truth is what the database's owner sees (truth.py).
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.demo.agent import AGENT_NAME, Agent
from server.demo.database import Database
from server.demo.files import DANA, LEE, RESOURCE
from server.demo.loading import STORY_ORDER
from server.demo.person import Person
from server.demo.telling import Teller
from server.demo.truth import Answer, all_masked, column, count, in_clear, truth
from server.recording.verify import verify_segment

CUSTOMERS = """SELECT id, full_name, email, phone, date_of_birth, country, loyalty_tier
FROM customers ORDER BY id LIMIT 5"""
PAYMENTS = """SELECT id, order_id, card_number, card_holder, iban, amount, currency, status
FROM payments ORDER BY id LIMIT 5"""
LOOK_ALIKES = """SELECT p.sku, p.name, i.warehouse, i.build_id, i.firmware_version, p.price
FROM products p JOIN inventory i ON i.product_id = p.id
ORDER BY p.id, i.warehouse LIMIT 3"""
DELETE_ALL = "DELETE FROM orders"
SHIP = f"UPDATE orders SET status = 'shipped' WHERE id = {STORY_ORDER}"
ORDER = f"SELECT id, status, total, placed_at FROM orders WHERE id = {STORY_ORDER}"

WAIT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is on stage. `impostor` is somebody at the REST API with the agent's token."""

    agent: Agent
    impostor: Person
    lee: Person
    ada: Person
    database: Database
    records: Path
    tell: Teller


async def look_around(scene: Scene) -> None:
    tell, agent = scene.tell, scene.agent
    tools = await agent.tools()
    me = await agent.call("whoami")
    found = (await agent.call("list_resources"))["resources"]
    tell.facts(
        [
            ("acting for", f"[bold]{me['user']}[/] (groups: {', '.join(me['groups'])})"),
            ("agent", f"[bold]{me['agent']}[/], MCP revision {agent.protocol}"),
            ("tools", ", ".join(tools)),
        ]
    )
    tags = [" ".join(f"{name}={value}" for name, value in entry["tags"].items()) for entry in found]
    tell.listing(
        ("resource", "kind", "tags", "description"),
        [(entry["name"], entry["kind"], tag, entry["description"]) for entry, tag in zip(found, tags, strict=True)],
    )
    tell.check("the agent acts under Dana's name, and its own is on record", _acts_for_dana(me))
    tell.check("it sees five tools, none of which approves or administers", sorted(tools) == sorted(TOOLS))
    tell.check("it sees the one resource that policy gives her", [entry["name"] for entry in found] == [RESOURCE])


TOOLS = ("whoami", "list_resources", "sql_query", "sql_describe", "request_status")


def _acts_for_dana(me: Answer) -> bool:
    return bool(me["user"] == DANA.name and me["agent"] == AGENT_NAME and me["via"] == "agent")


async def read_customers(scene: Scene) -> None:
    answer = await _select(scene, CUSTOMERS)
    real = await truth(scene.database, CUSTOMERS)
    hidden = ("full_name", "email", "phone", "date_of_birth")
    scene.tell.check("names, mail addresses, phones and birthdays are masked", all_masked(answer, real, hidden))
    scene.tell.check(
        "the other columns are the database's own", in_clear(answer, real, ("id", "country", "loyalty_tier"))
    )


async def read_payments(scene: Scene) -> None:
    answer = await _select(scene, PAYMENTS)
    real = await truth(scene.database, PAYMENTS)
    hidden = ("card_number", "card_holder", "iban")
    scene.tell.check("cards, holders and IBANs are masked", all_masked(answer, real, hidden))
    scene.tell.check(
        "amounts arrive exactly, to the cent", in_clear(answer, real, ("id", "amount", "currency", "status"))
    )


async def read_look_alikes(scene: Scene) -> None:
    scene.tell.say(
        "\nNot personal, though they look it: SKUs like social security numbers, build ids like phone numbers:"
    )
    answer = await _select(scene, LOOK_ALIKES)
    real = await truth(scene.database, LOOK_ALIKES)
    scene.tell.check(
        "what only looks personal stays clear", not answer.get("masked") and in_clear(answer, real, real[0])
    )


async def delete_everything(scene: Scene) -> None:
    before = await count(scene.database, "orders")
    scene.tell.sql(DELETE_ALL)
    answer = await scene.agent.query(RESOURCE, DELETE_ALL)
    scene.tell.verdict(answer, style="red")
    rules = [reason["rule"] for reason in answer.get("reasons", [])]
    scene.tell.check("it is denied", answer["status"] == "denied")
    scene.tell.check(
        "the rule is named, and what would pass instead", "baseline.unbounded-write" in rules and _suggests(answer)
    )
    scene.tell.check(f"all {before:,} orders are still there", before == await count(scene.database, "orders") > 0)


def _suggests(answer: Answer) -> bool:
    return any("WHERE" in reason["suggestion"] for reason in answer["reasons"])


async def ship_an_order(scene: Scene) -> None:
    """The call waits, a person approves, the call goes on."""
    tell = scene.tell
    tell.sql(SHIP)
    call = asyncio.create_task(scene.agent.query(RESOURCE, SHIP, progress=_hear))
    try:
        request = await _pending_request(scene, call)
        tell.say(
            f"\n[bold yellow]HELD[/]  the call waits; request [bold]{request['id']}[/] is on {LEE.display_name}'s list:"
        )
        tell.facts(
            [
                ("asked by", f"{request['requester']} through {request['client_name'] or AGENT_NAME}"),
                ("would run", f"[bold]{request['text']}[/]"),
                ("on", f"{request['resource']} as {request['login']}"),
            ]
        )
        refused = [await person.post(f"requests/{request['id']}/approve") for person in (scene.ada, scene.impostor)]
        codes = [response.status_code for response in refused]
        tell.check("neither Ada, who was not asked, nor the agent's own token can approve it", min(codes) >= 400)
        tell.check("nothing has run yet", await _status(scene.database) == "packed")
        approved = await scene.lee.post(f"requests/{request['id']}/approve", {"comment": "Parcel left this morning."})
        tell.say(f"[bold]{LEE.display_name} approves:[/] [italic]“Parcel left this morning.”[/]")
        tell.check("Lee's approval is accepted", approved.status_code == 200)
        answer = await asyncio.wait_for(call, WAIT_SECONDS)
    finally:
        call.cancel()
    tell.check("the same call goes on and changes one row", answer["status"] == "ok" and answer.get("affected") == 1)
    shown = await _select(scene, ORDER)
    tell.check(
        "the change is visible", column(shown, "status") == ["shipped"] and await _status(scene.database) == "shipped"
    )


async def _hear(progress: float, total: float | None, message: str | None) -> None:
    """The agent asks for progress, as real ones do, so the answer streams; it has nothing to do with the words."""


async def _pending_request(scene: Scene, call: asyncio.Task[dict[str, Any]]) -> dict[str, Any]:
    """The request that the call opened, as Lee sees it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and not call.done():
        page = await scene.lee.get("requests", status="pending")
        for request in page["items"]:
            if request["text"] == SHIP and request["requester"] == DANA.name:
                return dict(request)
        await asyncio.sleep(0.1)
    raise AssertionError(f"the UPDATE was not held: {call.result() if call.done() else 'no request appeared'}")


async def read_the_record(scene: Scene) -> str:
    """Ada looks at what was kept; answers the session's id."""
    session = await _recorded_session(scene)
    found = await scene.ada.get(f"sessions/{session['session']}", limit=1000)
    events = found["events"]
    kept = _operations(events)
    scene.tell.facts(
        [
            ("session", session["session"]),
            ("person", f"[bold]{session['user']}[/]"),
            ("agent", f"[bold]{session['agent']}[/]"),
            ("events", str(len(events))),
        ]
    )
    scene.tell.listing(("decision", "outcome", "rows", "masked cells", "statement"), [_line(pair) for pair in kept])
    names = {(session["user"], session["agent"])}
    scene.tell.check("all of it is on record under Dana's name and the agent's", names == {(DANA.name, AGENT_NAME)})
    outcomes = {opened["text"]: closed["outcome"] for opened, closed in kept}
    told = {CUSTOMERS: "ok", PAYMENTS: "ok", DELETE_ALL: "denied", SHIP: "ok", ORDER: "ok"}
    scene.tell.check("each statement with its outcome, the denied one too", told.items() <= outcomes.items())
    decided = [event["event"] for event in events if event["type"].startswith("request.decided/")]
    scene.tell.check("the approval is part of the record", any(event["decision"] == "approved" for event in decided))
    return str(session["session"])


async def verify_the_record(scene: Scene, session: str) -> None:
    verdict = await scene.ada.get(f"sessions/{session}/verify")
    events = sum(segment["events"] for segment in verdict["segments"])
    scene.tell.check(f"{events} events, each linked to the one before by SHA-256: the chain holds", verdict["ok"])
    original = next(path for path in scene.records.rglob("*") if path.is_file() and session in path.name)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / original.name
        shutil.copy(original, copy)
        copy.write_bytes(copy.read_bytes().replace(b"DELETE FROM orders", b"SELECT * FROM x   ", 1))
        forged = verify_segment(copy)
    scene.tell.check(f"in a copy, hiding the DELETE is noticed: {forged.problem}", not forged.ok)


async def _recorded_session(scene: Scene) -> dict[str, Any]:
    """The story's session. The index follows the records within a second or so."""
    me = await scene.agent.call("whoami")
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for session in (await scene.ada.get("sessions", user=DANA.name))["items"]:
            if session["session"] == me["session"]:
                return dict(session)
        await asyncio.sleep(0.1)
    raise AssertionError("the session does not appear among the records")


def _operations(events: Sequence[Answer]) -> list[tuple[Answer, Answer]]:
    """Opening and closing events that belong together."""
    closed = {
        event["event"]["operation_id"]: event["event"] for event in events if event["type"] == "operation.closed/1"
    }
    opened = [event["event"] for event in events if event["type"] == "operation.opened/1"]
    return [(event, closed[event["operation_id"]]) for event in opened if event["operation_id"] in closed]


def _line(pair: tuple[Answer, Answer]) -> tuple[str, ...]:
    opened, closed = pair
    words = " ".join(opened["text"].split())
    shown = words if len(words) < 66 else f"{words[:64]}…"
    rows = closed["affected"] if closed["affected"] is not None else closed["rows"]
    return (opened["decision"], closed["outcome"], str(rows), str(closed["masked_cells"]), shown)


async def _select(scene: Scene, sql: str) -> dict[str, Any]:
    scene.tell.sql(sql)
    answer = await scene.agent.query(RESOURCE, sql)
    scene.tell.rows(answer) if answer["status"] == "ok" else scene.tell.verdict(answer, style="red")
    return answer


async def _status(database: Database) -> str | None:
    [row] = await truth(database, ORDER)
    return row["status"]
