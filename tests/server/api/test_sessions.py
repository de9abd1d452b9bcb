"""Records through the API: one's own, all for those who watch, and whether they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.model import Agent, Identity
from server.recording.events import OperationClosed, OperationOpened
from tests.server.api.conftest import Api

pytestmark = pytest.mark.anyio


async def record(api: Api, user: str, session: str, *, operations: int = 1) -> None:
    identity = Identity(user, session, agent=Agent("bot", "Bot"))
    for number in range(operations):
        opened = OperationOpened(
            operation_id=f"op{number}",
            door="mcp",
            verb="sql_query",
            resource="shop",
            login="reader",
            text=f"SELECT {number}",
            digest="",
            policy_version="",
            decision="allow",
        )
        await api.recorder.append(identity, opened, durability="kernel")
        await api.recorder.append(
            identity, OperationClosed(operation_id=f"op{number}", outcome="ok"), durability="kernel"
        )
    await api.recorder.flush()


def _tamper(folder: Path) -> None:
    [path] = [path for path in folder.rglob("*.jsonl") if b"SELECT 0" in path.read_bytes()]
    path.write_bytes(path.read_bytes().replace(b"SELECT 0", b"SELECT 9"))


async def test_people_see_their_own_sessions_and_watchers_see_all(api: Api) -> None:
    await record(api, "dana", "s-dana")
    await record(api, "sam", "s-sam")
    for user, seen in {"dana": ["s-dana"], "max": [], "lee": [], "ada": ["s-sam", "s-dana"]}.items():
        async with await api.as_(user) as client:
            page = (await client.get("/api/v1/sessions")).json()
            assert [item["session"] for item in page["items"]] == seen, user
            for path in ("/api/v1/sessions/s-dana", "/api/v1/sessions/s-dana/verify"):
                assert (await client.get(path)).status_code == (200 if "s-dana" in seen else 404), (user, path)


async def test_an_auditor_narrows_to_a_person_and_others_may_not_name_one(api: Api) -> None:
    await record(api, "dana", "s-dana")
    await record(api, "sam", "s-sam")
    async with await api.as_("ada") as client:
        page = (await client.get("/api/v1/sessions", params={"user": "sam"})).json()
    assert [item["session"] for item in page["items"]] == ["s-sam"]
    async with await api.as_("dana") as client:
        assert (await client.get("/api/v1/sessions", params={"user": "sam"})).status_code == 403


async def test_sessions_come_in_pages(api: Api) -> None:
    for number in range(3):
        await record(api, "dana", f"s{number}")
    async with await api.as_("dana") as client:
        first = (await client.get("/api/v1/sessions", params={"limit": 2})).json()
        second = (await client.get("/api/v1/sessions", params={"limit": 2, "cursor": first["next"]})).json()
    names = [item["session"] for page in (first, second) for item in page["items"]]
    assert names == ["s2", "s1", "s0"]
    assert second["next"] is None


async def test_the_events_of_a_session_come_in_order_and_in_parts(api: Api) -> None:
    await record(api, "dana", "s", operations=2)
    async with await api.as_("dana") as client:
        whole = (await client.get("/api/v1/sessions/s")).json()
        part = (await client.get("/api/v1/sessions/s", params={"after": 1, "limit": 2})).json()
    kinds = [event["type"].partition("/")[0] for event in whole["events"]]
    assert kinds == ["session.opened", *["operation.opened", "operation.closed"] * 2]
    assert whole["more"] is False
    assert whole["events"][1]["event"]["text"] == "SELECT 0"
    assert (part["events"], part["more"]) == (whole["events"][1:3], True)


async def test_a_changed_record_is_named_by_verify_and_not_shown(api: Api) -> None:
    await record(api, "dana", "s")
    _tamper(api.recorder.folder)
    async with await api.as_("ada") as client:
        verdict = (await client.get("/api/v1/sessions/s/verify")).json()
        shown = await client.get("/api/v1/sessions/s")
    assert verdict["ok"] is False
    assert [segment["first_bad_seq"] for segment in verdict["segments"]] == [1]
    assert shown.status_code == 409
    assert "SELECT" not in shown.text


async def test_an_intact_session_verifies(api: Api) -> None:
    await record(api, "dana", "s")
    async with await api.as_("dana") as client:
        verdict = (await client.get("/api/v1/sessions/s/verify")).json()
    assert verdict["ok"] is True
    assert [segment["events"] for segment in verdict["segments"]] == [3]
