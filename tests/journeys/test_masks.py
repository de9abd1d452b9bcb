"""Masks that rules choose, columns that people let somebody see, and masks that do not come back, by real clients."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.journeys.test_bounds import approve, rewrite
from tests.journeys.test_story import records
from tests.support.clients.mcp_http import call
from tests.support.gateway import POLICY, Running

pytestmark = pytest.mark.anyio

RULES = """
@id("analysts-join")
@mask("EMAIL: pseudonym, PERSON: synthetic, PHONE: null, CREDIT_CARD: fpe")
permit (principal in Group::"developers", action == Action::"read", resource);

@id("see-email")
permit (principal, action == Action::"reveal", resource == Label::"EMAIL");
@id("hold-email") @hold("leads") @reason("A lead agrees to each look at an address.")
forbid (principal, action == Action::"reveal", resource == Label::"EMAIL")
unless { context.approvals.contains("leads") };
"""
ROW = "SELECT email, full_name, phone, card_number FROM shop.customers WHERE id = 7"
LOOK = [{"column": "shop.customers.email", "reason": "Ticket 7: the parcel came back"}]


async def ask(running: Running, http: httpx.AsyncClient, sql: str, **more: Any) -> dict[str, Any]:
    return await call(http, await running.agent_token(), "sql_query", resource="shop", sql=sql, **more)


async def test_rules_choose_the_masks_and_joins_hold(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, POLICY + RULES)
    first, again = await ask(running, http, ROW), await ask(running, http, ROW + " OR id = 8")
    assert {m["label"]: m["mask"] for m in first["masked"]} == {
        "EMAIL": "pseudonym", "PERSON": "synthetic", "PHONE": "null", "CREDIT_CARD": "fpe",
    }  # fmt: skip
    email, name, phone, card = first["rows"][0]
    assert email.endswith(".example")
    assert name.split()[1] in ("Sample", "Specimen")
    assert phone is None
    assert card.startswith("424242")
    assert card != "4242424242424242"
    assert again["rows"][0] == first["rows"][0]
    assert again["rows"][1][0] != email
    through_view = await ask(running, http, "SELECT reach_at FROM shop.contacts WHERE id = 7")
    assert "person7" not in str(through_view["rows"])


async def test_a_description_tells_label_and_mask(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, POLICY + RULES)
    token = await running.agent_token()
    found = await call(http, token, "sql_describe", resource="shop", schema="shop", table="customers")
    names = [column["name"] for column in found["columns"]]
    place, label, mask = (names.index(name) for name in ("column", "masked_as", "mask"))
    told = {row[place]: (row[label], row[mask]) for row in found["rows"]}
    assert told["email"] == ("EMAIL", "pseudonym")
    assert told["phone"] == ("PHONE", "null")
    assert told["country"] == (None, None)


async def test_a_pseudonym_is_not_written_back(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, POLICY + RULES)
    email = (await ask(running, http, ROW))["rows"][0][0]
    for parameters, sql in (
        ([email], "UPDATE shop.customers SET email = $1 WHERE id = 7"),
        ([], f"UPDATE shop.customers SET email = '{email}' WHERE id = 7"),
        (["[PHONE]"], "UPDATE shop.customers SET phone = $1 WHERE id = 7"),
    ):
        refused = await ask(running, http, sql, parameters=parameters)
        assert refused["status"] == "denied"
        assert "baseline.masked-write" in {reason["rule"] for reason in refused["reasons"]}
        assert "Leave the masked columns out" in refused["next_step"]


async def test_one_column_of_one_statement_is_shown_once_a_person_agrees(
    running: Running, http: httpx.AsyncClient
) -> None:
    await rewrite(running, POLICY + RULES)
    asked = asyncio.create_task(ask(running, http, ROW, reveal=LOOK))
    await approve(running, http)
    shown = await asked
    assert shown["status"] == "ok", shown
    email, name, *_rest = shown["rows"][0]
    assert email == "person7@example.org"
    assert name != "Lena Vogel"
    assert "EMAIL" not in {masked["label"] for masked in shown["masked"]}
    mine = [each for each in records(running) if each.get("operation_id") == shown["decision_id"]]
    (closing,) = [each for each in mine if each["type"].startswith("operation.closed")]
    assert closing["revealed"] == [{"column": "email", "label": "EMAIL", "reason": LOOK[0]["reason"]}]
    assert closing["mask_key"].startswith("mk-")
    assert "person7" not in str((await ask(running, http, ROW))["rows"])


async def test_the_look_is_held_with_the_reason_for_people_to_read(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, POLICY + RULES)
    held = await ask(running, http, ROW, reveal=LOOK)
    assert held["status"] == "held"
    assert held["request"]["approvers"] == ["leads"]
    request = await running.gateway.approvals.get(held["request"]["id"])
    assert request is not None
    assert "the parcel came back" in str(request.facts)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT upper(email) FROM shop.customers WHERE id = 7",
        "SELECT id FROM shop.customers WHERE email LIKE 'p%'",
        "SELECT to_jsonb(c) FROM shop.customers c WHERE id = 7",
        "SELECT max(email) FROM shop.customers",
    ],
)
async def test_a_look_at_a_column_is_no_leave_to_compute_with_it(
    running: Running, http: httpx.AsyncClient, sql: str
) -> None:
    await rewrite(running, POLICY + RULES)
    refused = await ask(running, http, sql, reveal=LOOK)
    assert refused["status"] == "denied"
    assert "person7" not in str(refused)


async def test_a_label_that_no_rule_lets_see_is_refused(running: Running, http: httpx.AsyncClient) -> None:
    await rewrite(running, POLICY + RULES)
    look = [{"column": "customers.phone", "reason": "Call back"}]
    refused = await ask(running, http, ROW, reveal=look)
    assert refused["status"] == "denied"
    assert "No rule permits reveal of PHONE" in str(refused["reasons"])
