"""The product's main job, end to end: masked reads, a denial, a held write, its approval, its record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.recording.reading import read_events
from server.recording.verify import verify_segment
from tests.support.clients.mcp_http import call
from tests.support.gateway import Running
from tests.support.servers.postgres import Server

pytestmark = pytest.mark.anyio

UPDATE = "UPDATE shop.orders SET status = 'returned' WHERE id = 7"


def column(found: dict[str, Any], name: str) -> list[Any]:
    index = [each["name"] for each in found["columns"]].index(name)
    return [row[index] for row in found["rows"]]


def records(running: Running) -> list[dict[str, Any]]:
    folder: Path = running.gateway.config.records_dir
    kept = [record for path in sorted(folder.rglob("*.jsonl")) for record in read_events(path)]
    return [{"type": record.type, **record.event} for record in kept]


async def decide(running: Running, http: httpx.AsyncClient, user: str, request_id: str, word: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {await running.person_token(user)}"}
    return await http.post(f"/api/v1/requests/{request_id}/{word}", headers=headers, json={"comment": "looked at"})


async def pending_request(running: Running) -> str:
    for _ in range(200):
        if found := await running.gateway.approvals.list(status="pending", limit=10):
            return str(found[0].id)
        await asyncio.sleep(0.02)
    raise AssertionError("no request appeared")


async def test_sensitive_columns_come_back_masked_and_the_others_clear(
    running: Running, http: httpx.AsyncClient
) -> None:
    token = await running.agent_token()
    found = await call(
        http, token, "sql_query", resource="shop", sql="SELECT * FROM shop.customers ORDER BY id LIMIT 20"
    )
    assert found["status"] == "ok", found
    masked = {each["column"]: each["label"] for each in found["masked"]}
    assert masked["email"] == "EMAIL"
    assert masked["card_number"] == "CREDIT_CARD"
    assert masked["phone"] == "PHONE"
    assert not masked.keys() & {"id", "country", "loyalty_points"}
    assert column(found, "id") == list(range(1, 21))
    assert all(value.endswith("4242") and "42424242" not in value for value in column(found, "card_number"))
    assert not any("person" in value for value in column(found, "email"))
    assert found["row_count"] == 20


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT upper(email) AS x FROM shop.customers WHERE id = 1",
        "SELECT c FROM shop.customers c WHERE id = 1",
        "SELECT to_jsonb(c) FROM shop.customers c WHERE id = 1",
        "SELECT string_agg(email, ',') FROM shop.customers",
        "SELECT email AS country FROM shop.customers WHERE id = 1",
        "SELECT reach_at FROM shop.contacts WHERE id = 1",
        "SELECT shouted FROM shop.contacts WHERE id = 1",
        "WITH x(a, b) AS (SELECT email, id FROM shop.customers) SELECT a FROM x WHERE b = 1",
        "SELECT (SELECT email FROM shop.customers WHERE id = 1)",
        "SELECT a.* FROM (SELECT email || '' AS k FROM shop.customers WHERE id = 1) a",
        "SELECT reverse(n) FROM (SELECT email n FROM shop.customers WHERE id = 1) s",
    ],
)
async def test_no_way_of_writing_a_query_brings_a_masked_value_out(
    running: Running, http: httpx.AsyncClient, sql: str
) -> None:
    found = await call(http, await running.agent_token(), "sql_query", resource="shop", sql=sql)
    shown = str(found).lower()
    assert "example.org" not in shown
    assert "gro.elpmaxe" not in shown
    assert "berg" not in shown
    assert "rossi" not in shown


async def test_an_error_of_the_target_never_carries_a_masked_value(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    view = "CREATE VIEW shop.numbers AS SELECT card_number::int + length(email::uuid::text) AS n FROM shop.customers"
    shop_server.psql(view, database=shop_database)
    sql = "SELECT n FROM shop.numbers"
    found = await call(http, await running.agent_token(), "sql_query", resource="shop", sql=sql)
    assert found["status"] == "failed"
    assert "4242424242424242" not in str(found)
    assert "example.org" not in str(found)
    assert found["error"]["code"].startswith("22")


async def test_an_unbounded_delete_is_denied_with_reason_and_remedy(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    found = await call(http, await running.agent_token(), "sql_query", resource="shop", sql="DELETE FROM shop.orders")
    assert found["status"] == "denied"
    assert found["reasons"][0]["rule"]
    assert found["reasons"][0]["text"]
    assert "WHERE" in found["next_step"]
    assert shop_server.psql("SELECT count(*) FROM shop.orders", database=shop_database).strip() == "500"


async def test_a_held_update_runs_once_after_somebody_else_approves(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    token = await running.agent_token()
    waiting = asyncio.create_task(call(http, token, "sql_query", resource="shop", sql=UPDATE))
    request_id = await pending_request(running)
    assert (await decide(running, http, "dana", request_id, "approve")).status_code == 403
    assert (await decide(running, http, "ada", request_id, "approve")).status_code in (403, 404)
    assert (await decide(running, http, "lee", request_id, "approve")).status_code == 200
    found = await waiting
    assert (found["status"], found["affected"]) == ("ok", 1)
    status = shop_server.psql("SELECT status FROM shop.orders WHERE id = 7", database=shop_database)
    assert status.strip() == "returned"
    again = await decide(running, http, "lee", request_id, "approve")
    assert again.status_code == 409
    seen = await call(http, token, "request_status", request_id=request_id)
    assert seen["request"]["status"] == "done"


async def test_a_held_call_that_nobody_answers_says_how_to_go_on(running: Running, http: httpx.AsyncClient) -> None:
    running.gateway.pipeline.approvals.wait_seconds = 0.2
    token = await running.agent_token()
    held = await call(http, token, "sql_query", resource="shop", sql=UPDATE)
    assert held["status"] == "held"
    request_id = held["request"]["id"]
    assert request_id in held["next_step"]
    assert held["request"]["approvers"] == ["leads"]
    same = await call(http, token, "sql_query", resource="shop", sql=UPDATE)
    assert same["request"]["id"] == request_id
    assert (await decide(running, http, "lee", request_id, "approve")).status_code == 200
    ready = await call(http, token, "request_status", request_id=request_id, wait_seconds=5)
    assert ready["request"]["status"] == "approved"
    other = await call(http, token, "sql_query", resource="shop", sql=UPDATE.replace("7", "8"))
    assert other["status"] == "held"
    assert other["request"]["id"] != request_id
    done = await call(http, token, "sql_query", resource="shop", sql=UPDATE)
    assert (done["status"], done["affected"]) == ("ok", 1)
    third = await call(http, token, "sql_query", resource="shop", sql=UPDATE)
    assert third["status"] == "held"
    assert third["request"]["id"] != request_id


async def test_a_refused_request_does_not_run(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    waiting = asyncio.create_task(call(http, await running.agent_token(), "sql_query", resource="shop", sql=UPDATE))
    request_id = await pending_request(running)
    assert (await decide(running, http, "lee", request_id, "deny")).status_code == 200
    found = await waiting
    assert (found["status"], found["error"]["code"]) == ("denied", "request_denied")
    status = shop_server.psql("SELECT status FROM shop.orders WHERE id = 7", database=shop_database)
    assert status.strip() == "paid"


async def test_somebody_elses_request_looks_like_none(running: Running, http: httpx.AsyncClient) -> None:
    running.gateway.pipeline.approvals.wait_seconds = 0.1
    held = await call(http, await running.agent_token("dana"), "sql_query", resource="shop", sql=UPDATE)
    lees = await running.agent_token("lee")
    foreign = await call(http, lees, "request_status", request_id=held["request"]["id"])
    missing = await call(http, lees, "request_status", request_id="req_none")
    assert foreign["error"]["code"] == missing["error"]["code"] == "unknown_request"


async def test_a_dry_run_tells_everything_and_runs_nothing(
    running: Running, http: httpx.AsyncClient, shop_server: Server, shop_database: str
) -> None:
    token = await running.agent_token()
    read = await call(
        http, token, "sql_query", resource="shop", sql="SELECT email, country FROM shop.customers", dry_run=True
    )
    assert read["plan"]["masked"] == [{"column": "email", "label": "EMAIL", "mask": "partial"}]
    assert read["plan"]["tables"] == ["shop.customers"]
    assert read["plan"]["estimated_rows"] == 200
    assert "rows" not in read or read["rows"] == []
    write = await call(http, token, "sql_query", resource="shop", sql=UPDATE, dry_run=True)
    assert write["plan"]["approvals"] == ["leads"]
    denied = await call(http, token, "sql_query", resource="shop", sql="DROP TABLE shop.orders", dry_run=True)
    assert denied["status"] == "denied"
    status = shop_server.psql("SELECT status FROM shop.orders WHERE id = 7", database=shop_database)
    assert status.strip() == "paid"
    assert not await running.gateway.approvals.list(status="pending", limit=10)


async def test_describe_shows_tables_and_columns(running: Running, http: httpx.AsyncClient) -> None:
    token = await running.agent_token()
    found = await call(http, token, "sql_describe", resource="shop", schema="shop", table="customers")
    assert found["status"] == "ok"
    masked = dict(zip(column(found, "column"), column(found, "masked_as"), strict=True))
    assert (masked["email"], masked["phone"], masked["country"]) == ("EMAIL", "PHONE", None)


async def test_every_call_leaves_an_opening_and_a_closing_record_that_verify(
    running: Running, http: httpx.AsyncClient
) -> None:
    token = await running.agent_token()
    calls = [
        {"sql": "SELECT email FROM shop.customers WHERE id = 1"},
        {"sql": "DELETE FROM shop.orders"},
        {"sql": "not sql at all"},
        {"sql": "SELECT 1; SELECT 2"},
    ]
    answers = [await call(http, token, "sql_query", resource="shop", **arguments) for arguments in calls]
    answers.append(await call(http, token, "sql_query", resource="elsewhere", sql="SELECT 1"))
    kept = records(running)
    opened = [each for each in kept if each["type"].startswith("operation.opened")]
    closed = [each for each in kept if each["type"].startswith("operation.closed")]
    assert [each["operation_id"] for each in opened] == [answer["decision_id"] for answer in answers]
    assert [each["operation_id"] for each in closed] == [answer["decision_id"] for answer in answers]
    assert closed[0]["masked"] == [{"column": "email", "label": "EMAIL", "mask": "partial"}]
    session = next(each for each in kept if each["type"].startswith("session.opened"))
    assert (session["user"], session["client_name"]) == ("dana", "Tester")
    for path in running.gateway.config.records_dir.rglob("*.jsonl"):
        assert verify_segment(path).ok
