"""Definitions of MCP servers over REST: what waits, beside what it would replace; and the decisions of reviewers."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from policy.model import Identity
from server.api.door import Person
from server.api.paging import CursorText, Limit, Page, from_cursor, to_cursor
from server.api.problems import Problem, not_found
from server.api.visibility import sees_all
from server.judging import Judge
from server.pins import Pins
from server.pins.listing import Filter, Position, Version, details, history, list_entries, list_servers
from server.pins.review import Decide, Review, ReviewRefused, accept, decide, disable, enable, reject, undo
from server.pins.states import Change, Key, State

KIND = "mcp"
Kind = Literal["tool", "prompt", "template", "resource"]


class ServerView(BaseModel):
    resource: str
    accepted: int
    pending: int
    rejected: int
    suspicious: int = Field(description="How many of those that wait look suspicious.")
    first_seen: float | None = Field(description="UNIX seconds; null = never seen.")
    disabled_at: float | None = Field(description="Set: nothing of it may be used.")


class SuspicionView(BaseModel):
    code: str
    reason: str
    place: str = Field(description="JSON pointer into the definition.")
    excerpt: str = Field(description="The server's own words: data, and possibly hostile.")


class EntryView(BaseModel):
    resource: str
    kind: str
    name: str
    digest: str = Field(description="SHA-256 of the definition.")
    state: State
    suspicions: list[SuspicionView]
    first_seen: float
    last_seen: float
    decided_by: str = Field(description="Empty = Warded itself.")
    decided_at: float | None


class VersionView(BaseModel):
    entry: EntryView
    definition: dict[str, Any] = Field(description="The server's own words: data, and possibly hostile.")


class ChangeView(BaseModel):
    id: int
    resource: str
    kind: str
    name: str
    digest: str
    before: str = Field(description="Digest that was accepted until then.")
    what: str
    by: str = Field(description="Empty = Warded itself.")
    why: str
    at: float


class DetailsView(BaseModel):
    version: VersionView
    against: VersionView | None = Field(description="The accepted version, else the one accepted last.")
    versions: list[EntryView]
    history: list[ChangeView]


class ServerBody(BaseModel):
    model_config = {"extra": "forbid"}

    resource: str = Field(max_length=128)
    why: str = Field(default="", max_length=2000, description="Kept in the history.")


class ReviewBody(ServerBody):
    kind: Kind = "tool"
    name: str = Field(max_length=512)
    digest: str = Field(
        default="", pattern=r"^([0-9a-f]{8,64})?$", description="Of the version that was read, or its beginning."
    )


def add_mcp(router: APIRouter, *, pins: Pins, judge: Judge, reviewers: frozenset[str]) -> None:
    """Whoever may see a server sees its definitions; `reviewers` decide, and their decisions count at once here."""
    store = pins.store

    def visible(person: Identity) -> frozenset[str]:
        everything = sees_all(person) or bool(person.groups & reviewers)
        found = judge.resources.values() if everything else judge.visible(person)
        return frozenset(each.name for each in found if each.kind == KIND)

    def chosen(person: Identity, resource: str) -> frozenset[str]:
        seen = visible(person)
        if resource and resource not in seen:
            raise not_found("MCP server")
        return frozenset({resource}) if resource else seen

    async def decided(person: Identity, body: ServerBody, how: Decide) -> None:
        """The record of the person's session holds the decision before it counts; a refused one is noted."""
        chosen(person, body.resource)
        if not person.groups & reviewers:
            words = (
                f"Definitions are reviewed by {' and '.join(sorted(reviewers)) or 'nobody'}; you are not among them."
            )
            raise Problem(403, "forbidden", words, "Ask one of them, or set catalog.reviewers.")
        key: Key = (body.kind, body.name) if isinstance(body, ReviewBody) else ("", "")
        digest = body.digest if isinstance(body, ReviewBody) else ""

        async def record(change: Change) -> None:
            await pins.record(change, person)

        review = Review(body.resource, key, digest, person.user, body.why, pins.clock())
        try:
            change = await decide(store, review, how, record=record)
        except ReviewRefused as error:
            await record(Change(body.resource, key, "refused", digest, by=person.user, why=body.why))
            raise Problem(409, "review-refused", str(error), "Look at the definition again.") from None
        pins.tell(change)
        await pins.refresh()

    async def reviewed(person: Identity, body: ReviewBody, how: Decide) -> DetailsView:
        await decided(person, body, how)
        return await shown(body.resource, (body.kind, body.name), body.digest)

    async def switched(person: Identity, body: ServerBody, how: Decide) -> ServerView:
        await decided(person, body, how)
        return ServerView(**asdict((await list_servers(store, {body.resource}))[0]))

    async def shown(resource: str, key: Key, digest: str) -> DetailsView:
        found = await details(store, resource, key, digest=digest)
        if found is None:
            raise not_found("definition")
        return DetailsView(
            version=_version(found.version),
            against=_version(found.against) if found.against else None,
            versions=[EntryView(**asdict(each)) for each in found.versions],
            history=[ChangeView(**each) for each in found.history],
        )

    @router.get("/mcp/servers", tags=["mcp"], summary="MCP servers, and how much of each is accepted or waits")
    async def servers(person: Person) -> list[ServerView]:
        return [ServerView(**asdict(each)) for each in await list_servers(store, visible(person))]

    @router.get("/mcp/definitions", tags=["mcp"], summary="Versions of tools and prompts, filtered, in pages")
    async def definitions(
        person: Person,
        resource: Annotated[str, Query(description="Only this server.")] = "",
        state: Annotated[State | None, Query(description="Only these.")] = None,
        kind: Annotated[Kind | None, Query(description="Only these.")] = None,
        q: Annotated[str, Query(max_length=200, description="Part of a name.")] = "",
        limit: Limit = 50,
        cursor: CursorText = "",
    ) -> Page[EntryView]:
        wanted = Filter(chosen(person, resource), state=state or "", kind=kind or "", text=q)
        found = await list_entries(store, wanted, after=_after(cursor), limit=limit)
        last = found[-1] if len(found) == limit else None
        names = json.dumps([last.resource, last.kind, last.name, last.digest]) if last else ""
        return Page(items=[EntryView(**asdict(each)) for each in found], next=to_cursor((0.0, names)) if last else None)

    @router.get("/mcp/definition", tags=["mcp"], summary="One tool or prompt: new and old version, doubts, history")
    async def definition(
        person: Person,
        resource: str,
        name: str,
        kind: Kind = "tool",
        digest: Annotated[
            str, Query(pattern="^[0-9a-f]{0,64}$", description="Of one version; its beginning will do.")
        ] = "",
    ) -> DetailsView:
        chosen(person, resource)
        return await shown(resource, (kind, name), digest)

    @router.get("/mcp/history", tags=["mcp"], summary="What was found and decided, newest first")
    async def changes(
        person: Person,
        resource: Annotated[str, Query(description="Only this server.")] = "",
        limit: Limit = 50,
        cursor: CursorText = "",
    ) -> Page[ChangeView]:
        following = from_cursor(cursor)
        before = int(following[0]) if following else None
        found = await history(store, chosen(person, resource), before=before, limit=limit)
        return Page(
            items=[ChangeView(**each) for each in found],
            next=to_cursor((float(found[-1]["id"]), "")) if len(found) == limit else None,
        )

    @router.post("/mcp/accept", tags=["mcp"], summary="This version may be used; the one before may not any more")
    async def accept_definition(person: Person, body: ReviewBody) -> DetailsView:
        return await reviewed(person, body, accept)

    @router.post("/mcp/reject", tags=["mcp"], summary="This version may not be used, and is not asked about again")
    async def reject_definition(person: Person, body: ReviewBody) -> DetailsView:
        return await reviewed(person, body, reject)

    @router.post("/mcp/undo", tags=["mcp"], summary="Take the last decision about a tool or prompt back")
    async def undo_decision(person: Person, body: ReviewBody) -> DetailsView:
        return await reviewed(person, body, undo)

    @router.post("/mcp/disable", tags=["mcp"], summary="Nothing of this server may be used any more")
    async def disable_server(person: Person, body: ServerBody) -> ServerView:
        return await switched(person, body, disable)

    @router.post("/mcp/enable", tags=["mcp"], summary="What is accepted of this server may be used again")
    async def enable_server(person: Person, body: ServerBody) -> ServerView:
        return await switched(person, body, enable)


def _version(found: Version) -> VersionView:
    return VersionView(entry=EntryView(**asdict(found.entry)), definition=found.definition)


def _after(cursor: str) -> Position | None:
    following = from_cursor(cursor)
    if following is None:
        return None
    try:
        resource, kind, name, digest = json.loads(following[1])
    except (ValueError, TypeError):
        raise Problem(
            400, "invalid-cursor", "The cursor is not of this list.", "Begin again without a cursor."
        ) from None
    return str(resource), str(kind), str(name), str(digest)
