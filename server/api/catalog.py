"""The catalog over REST: what columns hold, why, who reads them; and the decisions of reviewers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from policy.model import Identity
from server.api.door import Person
from server.api.paging import CursorText, Limit, Page, from_cursor, to_cursor
from server.api.problems import Problem, not_found
from server.api.visibility import sees_all
from server.catalog.export import Format, export
from server.catalog.listing import Filter, Position, State, details, every_entry, history, list_entries
from server.catalog.places import Change, Path
from server.catalog.review import Decision, Review, ReviewRefused, accept, pin, unpin
from server.judging import Judge
from server.recording.events import CatalogChanged
from server.recording.recorder import Recorder
from server.store.engine import Store

MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson", "openlineage": "application/x-ndjson"}


class PinView(BaseModel):
    decision: Decision
    label: str
    by: str
    why: str
    at: float


class EntryView(BaseModel):
    resource: str
    schema_name: str = Field(serialization_alias="schema")
    table: str
    column: str
    kind: str
    type: str
    label: str = Field(description="What counts for masks. Empty = clear.")
    found: str = Field(description="What was found, before any pin.")
    state: State
    detector: str
    confidence: float
    first_seen: float
    scanned_at: float
    vanished_at: float | None
    pin: PinView | None
    reads: int
    masked_reads: int
    people: int
    agents: int
    last_read_at: float | None


class ChangeView(BaseModel):
    id: int
    resource: str
    schema_name: str = Field(serialization_alias="schema")
    table: str
    column: str
    at: float
    by: str = Field(description="Empty = Warded itself.")
    what: str
    before: str
    after: str
    why: str


class EvidenceView(BaseModel):
    label: str
    kind: str = Field(description="name, values, sweep, view or lineage.")
    detector: str
    confidence: float
    detail: dict[str, Any]
    hits: int
    first_seen: float
    last_seen: float


class DetailsView(BaseModel):
    entry: EntryView
    evidence: list[EvidenceView]
    history: list[ChangeView]
    approximate: bool = Field(description="Some readings of this resource were not counted.")


class Place(BaseModel):
    model_config = {"extra": "forbid"}

    resource: str = Field(max_length=128)
    schema_name: str = Field(default="", max_length=256, alias="schema")
    table: str = Field(max_length=256)
    column: str = Field(max_length=512)
    why: str = Field(default="", max_length=2000, description="Kept in the history.")

    @property
    def path(self) -> Path:
        return self.schema_name, self.table, self.column


class PinBody(Place):
    decision: Decision
    label: str = Field(default="", max_length=32, description="With the decision label: which.")


def add_catalog(
    router: APIRouter,
    *,
    store: Store,
    recorder: Recorder,
    judge: Judge,
    reviewers: frozenset[str],
    changed: Callable[[], Awaitable[None]] | None,
) -> None:
    """`changed` is awaited after a decision, so that it counts at once in this process."""

    def visible(person: Identity) -> frozenset[str]:
        everything = sees_all(person) or bool(person.groups & reviewers)
        return frozenset(judge.resources if everything else (each.name for each in judge.visible(person)))

    def chosen(person: Identity, resource: str) -> frozenset[str]:
        seen = visible(person)
        if resource and resource not in seen:
            raise not_found("resource")
        return frozenset({resource}) if resource else seen

    def review(person: Identity, place: Place) -> Review:
        if place.resource not in visible(person):
            raise not_found("resource")
        if not person.groups & reviewers:
            words = f"Columns are reviewed by {' and '.join(sorted(reviewers)) or 'nobody'}; you are not among them."
            raise Problem(403, "forbidden", words, "Ask one of them, or set catalog.reviewers.")
        return Review(place.path, person.user, place.why, judge.clock())

    async def decided(person: Identity, place: Place, what: str, work: Awaitable[Change]) -> DetailsView:
        """A decision is on disk, in the record of the person's session, before it counts; a refused one is noted."""
        await note(person, place, what)
        try:
            change = await work
        except ReviewRefused as error:
            await note(person, place, "refused")
            raise Problem(409, "review-refused", str(error), "Look at the column again.") from None
        if changed is not None:
            await changed()
        return await _shown(store, change.resource, change.path)

    async def note(person: Identity, place: Place, what: str) -> None:
        after = (place.label or place.decision) if isinstance(place, PinBody) else ""
        name = ".".join(part for part in place.path if part)
        event = CatalogChanged(
            resource=place.resource, place=name, what=what, after=after, by=person.user, why=place.why
        )
        await recorder.append(person, event, durability="disk")

    @router.get("/catalog/columns", tags=["catalog"], summary="Columns of all resources, filtered, in pages")
    async def list_columns(
        person: Person,
        resource: Annotated[str, Query(description="Only this one.")] = "",
        label: Annotated[str, Query(max_length=32, description="Only columns that carry it.")] = "",
        state: Annotated[State | None, Query(description="Only these.")] = None,
        q: Annotated[str, Query(max_length=200, description="Part of a name.")] = "",
        limit: Limit = 50,
        cursor: CursorText = "",
    ) -> Page[EntryView]:
        wanted = Filter(chosen(person, resource), label=label, state=state or "", text=q)
        found = await list_entries(store, wanted, after=_after(cursor), limit=limit)
        following = to_cursor((0.0, json.dumps([found[-1].resource, *found[-1].path]))) if len(found) == limit else None
        return Page(items=[_entry(asdict(entry)) for entry in found], next=following)

    @router.get("/catalog/column", tags=["catalog"], summary="One column: evidence, history, readers")
    async def show_column(
        person: Person,
        resource: str,
        table: str,
        column: str,
        schema_name: Annotated[str, Query(alias="schema")] = "",
    ) -> DetailsView:
        chosen(person, resource)
        return await _shown(store, resource, (schema_name, table, column))

    @router.get("/catalog/history", tags=["catalog"], summary="What was found and decided, newest first")
    async def list_history(
        person: Person,
        resource: Annotated[str, Query(description="Only this one.")] = "",
        limit: Limit = 50,
        cursor: CursorText = "",
    ) -> Page[ChangeView]:
        following = from_cursor(cursor)
        before = int(following[0]) if following else None
        found = await history(store, chosen(person, resource), before=before, limit=limit)
        return Page(
            items=[_change(each) for each in found],
            next=to_cursor((float(found[-1]["id"]), "")) if len(found) == limit else None,
        )

    @router.get("/catalog/export", tags=["catalog"], summary="All columns, as CSV, JSON lines or OpenLineage events")
    async def export_columns(
        person: Person,
        form: Annotated[Format, Query(alias="format")] = "json",
        resource: Annotated[str, Query(description="Only this one.")] = "",
    ) -> StreamingResponse:
        entries = every_entry(store, Filter(chosen(person, resource)))
        return StreamingResponse(export(entries, form, now=judge.clock()), media_type=MEDIA[form])

    @router.post("/catalog/pin", tags=["catalog"], summary="Say what a column holds; it beats every scan")
    async def pin_column(person: Person, body: PinBody) -> DetailsView:
        asked = review(person, body)
        made = pin(store, body.resource, asked, decision=body.decision, label=body.label)
        return await decided(person, body, "pinned", made)

    @router.post("/catalog/unpin", tags=["catalog"], summary="Take a pin back")
    async def unpin_column(person: Person, body: Place) -> DetailsView:
        return await decided(person, body, "unpinned", unpin(store, body.resource, review(person, body)))

    @router.post("/catalog/accept", tags=["catalog"], summary="What was found is right; it waits no longer")
    async def accept_column(person: Person, body: Place) -> DetailsView:
        return await decided(person, body, "accepted", accept(store, body.resource, review(person, body)))


async def _shown(store: Store, resource: str, path: Path) -> DetailsView:
    found = await details(store, resource, path)
    if found is None:
        raise not_found("column")
    return DetailsView(
        entry=_entry(asdict(found.entry)),
        evidence=[EvidenceView(**each) for each in found.evidence],
        history=[_change(each) for each in found.history],
        approximate=found.approximate,
    )


def _entry(values: dict[str, Any]) -> EntryView:
    return EntryView(schema_name=values.pop("schema"), **values)


def _change(values: dict[str, Any]) -> ChangeView:
    return ChangeView(schema_name=values.pop("schema"), **values)


def _after(cursor: str) -> Position | None:
    following = from_cursor(cursor)
    if following is None:
        return None
    try:
        resource, schema, table, column = json.loads(following[1])
    except (ValueError, TypeError):
        raise Problem(
            400, "invalid-cursor", "The cursor is not of this list.", "Begin again without a cursor."
        ) from None
    return str(resource), str(schema), str(table), str(column)
