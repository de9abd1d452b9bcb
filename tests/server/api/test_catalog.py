"""The catalog over REST: filtered and paged for those who may see it, decided on by reviewers only, and recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from catalog.model import Label
from server.catalog.loading import load_labels
from server.catalog.places import Verdict
from server.catalog.saving import mark_pending, save_verdicts
from server.identity.users import add_user
from server.recording.events import CatalogChanged
from server.store.models import CatalogReading
from tests.catalog.places import column
from tests.server.api.conftest import Api

pytestmark = pytest.mark.anyio

EMAIL = ("shop", "customers", "email")
FOUND = {
    ("shop", "customers", "id"): Verdict("bigint"),
    EMAIL: Verdict("text", Label.EMAIL, "email", 0.9, evidence={"name": "0.95 email"}),
    ("shop", "orders", "note"): Verdict("text"),
}


@pytest.fixture
async def filled(api: Api) -> Api:
    await save_verdicts(api.store, "shop", FOUND, now=1000, baseline=True)
    await save_verdicts(api.store, "hr", {("p", "staff", "email"): FOUND[EMAIL]}, now=1000, baseline=True)
    await add_user(api.store, "rita", groups=("admins",), clock=api.clock)
    return api


async def get(api: Api, user: str, path: str, **query: str | int) -> httpx.Response:
    async with await api.as_(user) as client:
        return await client.get(f"/api/v1{path}", params=query)


async def post(api: Api, user: str, path: str, **body: str) -> httpx.Response:
    async with await api.as_(user) as client:
        place = {"resource": "shop", "schema": "shop", "table": "customers", "column": "email"}
        return await client.post(f"/api/v1/catalog/{path}", json=place | body)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [f"{item['resource']}:{item['table']}.{item['column']}" for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("user", "query", "expected"),
    [
        ("dana", {}, ["shop:customers.email", "shop:customers.id", "shop:orders.note"]),
        ("ada", {"label": "EMAIL"}, ["hr:staff.email", "shop:customers.email"]),
        ("rita", {"resource": "hr"}, ["hr:staff.email"]),
        ("dana", {"q": "CUSTOMERS.em"}, ["shop:customers.email"]),
        ("dana", {"q": "%"}, []),
        ("dana", {"state": "clear"}, ["shop:customers.id", "shop:orders.note"]),
        ("dana", {"state": "labelled"}, ["shop:customers.email"]),
        ("dana", {"state": "pending"}, []),
        ("max", {}, []),
    ],
)
async def test_columns_are_filtered_for_who_may_see_them(
    filled: Api, user: str, query: dict[str, str], expected: list[str]
) -> None:
    assert names(await get(filled, user, "/catalog/columns", **query)) == expected


async def test_pages_follow_each_other_without_gap_or_repetition(filled: Api) -> None:
    seen, cursor = [], ""
    for _ in range(4):
        page = await get(filled, "dana", "/catalog/columns", limit=1, cursor=cursor)
        seen += names(page)
        cursor = page.json()["next"] or ""
        if not cursor:
            break
    assert seen == ["shop:customers.email", "shop:customers.id", "shop:orders.note"]


async def test_a_resource_that_one_may_not_see_does_not_exist(filled: Api) -> None:
    for path in ("/catalog/columns", "/catalog/history", "/catalog/export"):
        assert (await get(filled, "dana", path, resource="hr")).status_code == 404
    hidden = {"resource": "hr", "schema": "p", "table": "staff", "column": "email"}
    assert (await get(filled, "dana", "/catalog/column", **hidden)).status_code == 404


async def test_a_pin_beats_the_scan_at_once_is_told_with_its_author_and_can_be_taken_back(filled: Api) -> None:
    shown = (await post(filled, "rita", "pin", decision="clear", why="synthetic data")).json()
    assert (shown["entry"]["label"], shown["entry"]["found"], shown["entry"]["state"]) == ("", "EMAIL", "pinned")
    assert shown["entry"]["pin"]["by"] == "rita"
    labels = await load_labels(filled.store, "shop")
    assert labels.column(column("shop.customers.email")) is None
    assert labels.cleared(column("shop.customers.email"))
    back = (await post(filled, "rita", "unpin", why="it is real")).json()
    assert back["entry"]["label"] == "EMAIL"
    assert [(each["what"], each["by"], each["why"], each["before"], each["after"]) for each in back["history"]] == [
        ("unpinned", "rita", "it is real", "", "EMAIL"),
        ("pinned", "rita", "synthetic data", "EMAIL", ""),
    ]


async def test_pins_say_another_label_or_hide_whatever_it_is(filled: Api) -> None:
    assert (await post(filled, "rita", "pin", decision="label", label="SSN")).json()["entry"]["label"] == "SSN"
    hidden = await post(filled, "rita", "pin", table="orders", column="note", decision="mask")
    assert hidden.json()["entry"]["label"] == "COMPUTED"


async def test_what_is_accepted_waits_no_longer(filled: Api) -> None:
    verdict = replace(FOUND[EMAIL], kind="sweep", detector="sweep")
    await mark_pending(filled.store, "shop", {("shop", "orders", "note"): verdict}, now=2000)
    assert names(await get(filled, "dana", "/catalog/columns", state="pending")) == ["shop:orders.note"]
    done = await post(filled, "rita", "accept", table="orders", column="note")
    assert (done.json()["entry"]["state"], done.json()["entry"]["label"]) == ("labelled", "EMAIL")
    again = await post(filled, "rita", "accept", table="orders", column="note")
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("user", "path", "body", "status"),
    [
        ("dana", "pin", {"decision": "clear"}, 403),
        ("ada", "pin", {"decision": "clear"}, 403),
        ("max", "unpin", {}, 404),
        ("rita", "pin", {"decision": "label", "label": "NAME"}, 409),
        ("rita", "pin", {"decision": "label", "label": "UNSCANNED"}, 409),
        ("rita", "pin", {"decision": "clear", "label": "EMAIL"}, 409),
        ("rita", "pin", {"decision": "clear", "column": "emial"}, 409),
        ("rita", "pin", {"decision": "show"}, 422),
        ("rita", "unpin", {}, 409),
    ],
)
async def test_other_people_and_other_decisions_are_refused(
    filled: Api, user: str, path: str, body: dict[str, str], status: int
) -> None:
    assert (await post(filled, user, path, **body)).status_code == status
    labels = await load_labels(filled.store, "shop")
    assert labels.column(column("shop.customers.email")) is Label.EMAIL


async def test_an_agent_pins_nothing(filled: Api) -> None:
    async with filled.client(await filled.agent_token("rita")) as client:
        body = {"resource": "shop", "schema": "shop", "table": "customers", "column": "email", "decision": "clear"}
        assert (await client.post("/api/v1/catalog/pin", json=body)).status_code == 403


async def test_a_decision_is_in_the_record_of_its_author(filled: Api) -> None:
    await post(filled, "rita", "pin", decision="clear", why="synthetic data")
    await filled.recorder.flush()
    texts = [path.read_text() for path in filled.recorder.folder.rglob("*.jsonl")]
    kept = [line for text in texts for line in text.splitlines() if CatalogChanged.type in line]
    assert len(kept) == 1
    assert "synthetic data" in kept[0]
    assert "rita" in kept[0]


async def test_one_column_comes_with_its_evidence_and_its_readers(filled: Api) -> None:
    async with filled.store.session() as session:
        for user, agent, reads in (("dana", "", 2), ("dana", "bot", 3), ("lee", "bot", 1)):
            session.add(
                CatalogReading(
                    resource="shop", schema="shop", table="customers", column="email", user=user, agent=agent,
                    reads=reads, masked=1, first_at=1.0, last_at=reads,
                )
            )  # fmt: skip
    query = {"resource": "shop", "schema": "shop", "table": "customers", "column": "email"}
    shown: dict[str, Any] = (await get(filled, "dana", "/catalog/column", **query)).json()
    entry = shown["entry"]
    assert [entry[name] for name in ("reads", "masked_reads", "people", "agents", "last_read_at")] == [6, 3, 2, 1, 3.0]
    assert [(each["kind"], each["detail"]) for each in shown["evidence"]] == [("values", {"name": "0.95 email"})]
    assert shown["approximate"] is False


@pytest.mark.parametrize(
    ("form", "lines", "part"),
    [
        ("csv", 4, "shop,shop,customers,email,column,text,EMAIL"),
        ("json", 3, '"label": "EMAIL"'),
        ("openlineage", 2, '"value": "EMAIL"'),
    ],
)
async def test_the_catalog_can_be_taken_elsewhere(filled: Api, form: str, lines: int, part: str) -> None:
    answer = await get(filled, "dana", "/catalog/export", format=form)
    assert len(answer.text.splitlines()) == lines
    assert part in answer.text


async def test_the_history_of_a_resource_comes_in_pages(filled: Api) -> None:
    for decision in ("clear", "mask"):
        await post(filled, "rita", "pin", decision=decision)
    first = (await get(filled, "dana", "/catalog/history", resource="shop", limit=1)).json()
    second = (await get(filled, "dana", "/catalog/history", resource="shop", limit=1, cursor=first["next"])).json()
    assert [page["items"][0]["after"] for page in (first, second)] == ["EMAIL", ""]
