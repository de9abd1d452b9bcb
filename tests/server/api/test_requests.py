"""People see what concerns them and answer what they are asked; each answer is on record first."""

from __future__ import annotations

from typing import Any

import pytest

from server.recording.events import RequestDecided
from server.recording.reading import event_of, list_sessions, read_session, segments_of
from server.recording.recorder import RecordingUnavailable
from tests.server.api.conftest import Api

pytestmark = pytest.mark.anyio


async def ids(api: Api, user: str, **query: str | int) -> set[str]:
    async with await api.as_(user) as client:
        return {item["id"] for item in (await client.get("/api/v1/requests", params=query)).json()["items"]}


async def answer(api: Api, user: str, request_id: str, word: str, **body: str) -> tuple[int, dict[str, Any]]:
    async with await api.as_(user) as client:
        response = await client.post(f"/api/v1/requests/{request_id}/{word}", json=body)
        return response.status_code, response.json()


async def recorded(api: Api, user: str) -> list[tuple[str, str, str]]:
    """What the records say that `user` answered."""
    await api.recorder.flush()
    found = []
    for session in await list_sessions(api.store, user=user):
        segments = await segments_of(api.store, session.session)
        for record in read_session(api.recorder.folder, segments):
            event = event_of(record)
            if isinstance(event, RequestDecided):
                found.append((event.decision, event.group, event.comment))
    return found


async def test_a_request_is_seen_by_its_requester_the_groups_asked_and_those_who_watch(api: Api) -> None:
    request = await api.hold("dana", "leads")
    for user, sees in {"dana": True, "lee": True, "sam": True, "ada": True, "max": False}.items():
        assert (request.id in await ids(api, user)) is sees, user
        async with await api.as_(user) as client:
            shown = await client.get(f"/api/v1/requests/{request.id}")
        assert shown.status_code == (200 if sees else 404), user


async def test_what_may_not_be_seen_and_what_does_not_exist_are_told_in_the_same_words(api: Api) -> None:
    request = await api.hold("dana", "leads")
    async with await api.as_("max") as client:
        hidden, missing = [await client.get(f"/api/v1/requests/{name}") for name in (request.id, "req_none")]
        voted = await client.post(f"/api/v1/requests/{request.id}/approve")
    assert hidden.json() == missing.json() == voted.json()


async def test_a_member_of_an_asked_group_approves_and_that_is_on_record(api: Api) -> None:
    request = await api.hold("dana", "leads")
    status, body = await answer(api, "lee", request.id, "approve", comment="checked")
    assert (status, body["status"]) == (200, "approved")
    assert [(vote["user"], vote["group"], vote["approve"]) for vote in body["votes"]] == [("lee", "leads", True)]
    assert await recorded(api, "lee") == [("approve", "leads", "checked")]
    assert body["text"] == request.text


async def test_two_groups_mean_two_people(api: Api) -> None:
    request = await api.hold("dana", "leads", "dba")
    status, body = await answer(api, "sam", request.id, "approve", group="dba")
    assert (status, body["status"]) == (200, "pending")
    assert (await answer(api, "sam", request.id, "approve"))[0] == 409
    assert (await answer(api, "lee", request.id, "approve"))[1]["status"] == "approved"


async def test_one_denial_denies(api: Api) -> None:
    request = await api.hold("dana", "leads", "dba")
    status, body = await answer(api, "lee", request.id, "deny", comment="no")
    assert (status, body["status"]) == (200, "denied")
    assert (await answer(api, "sam", request.id, "approve"))[0] == 409


async def test_nobody_answers_their_own_request(api: Api) -> None:
    request = await api.hold("lee", "leads")
    status, body = await answer(api, "lee", request.id, "approve")
    assert status == 403
    assert body["type"] == "/api/docs#vote-refused"
    assert await recorded(api, "lee") == []


async def test_an_auditor_sees_but_does_not_answer(api: Api) -> None:
    request = await api.hold("dana", "leads")
    assert (await answer(api, "ada", request.id, "approve"))[0] == 403


async def test_an_answer_without_a_body_is_fine(api: Api) -> None:
    request = await api.hold("dana", "leads")
    async with await api.as_("lee") as client:
        assert (await client.post(f"/api/v1/requests/{request.id}/deny")).json()["status"] == "denied"


async def test_an_answer_that_cannot_be_recorded_does_not_count(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    request = await api.hold("dana", "leads")

    async def full(*_arguments: object, **_options: object) -> None:
        raise RecordingUnavailable("The disk of the records is full.", "Free some.")

    monkeypatch.setattr(api.recorder, "append", full)
    assert (await answer(api, "lee", request.id, "approve"))[0] == 503
    found = await api.approvals.get(request.id)
    assert found is not None
    assert found.status == "pending"


async def test_an_answer_that_another_one_overtook_is_noted_as_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await api.hold("dana", "leads")
    append = api.recorder.append

    async def overtaken(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(api.recorder, "append", append)
        assert (await answer(api, "sam", request.id, "deny"))[0] == 200
        return await append(*arguments, **options)

    monkeypatch.setattr(api.recorder, "append", overtaken)
    assert (await answer(api, "lee", request.id, "approve"))[0] == 409
    assert [decision for decision, _, _ in await recorded(api, "lee")] == ["approve", "refused"]


async def test_pages_follow_each_other_without_gaps_whoever_reads(api: Api) -> None:
    own = [(await api.hold("dana", "leads", text=f"UPDATE t SET a = {n} WHERE id = 1")).id for n in range(5)]
    for n in range(5):
        await api.hold("sam", "dba", text=f"UPDATE u SET a = {n} WHERE id = 1")
    seen: list[str] = []
    cursor = ""
    async with await api.as_("dana") as client:
        for _ in range(10):
            page = (await client.get("/api/v1/requests", params={"limit": 2, "cursor": cursor})).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if not cursor:
                break
    assert seen == list(reversed(own))


async def test_the_list_can_be_narrowed_to_a_status(api: Api) -> None:
    one, other = await api.hold("dana", text="UPDATE t SET a=1 WHERE id=1"), await api.hold("dana")
    await answer(api, "lee", one.id, "deny")
    assert await ids(api, "dana", status="pending") == {other.id}
    assert await ids(api, "dana", status="denied") == {one.id}
