"""What reviewers say of a place: it beats every scan, it is kept with who, when and why, and it can be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catalog.model import Label
from server.catalog.loading import Pin, effective
from server.catalog.places import PENDING, Change, Path
from server.catalog.saving import bump
from server.store.engine import Store
from server.store.models import CatalogChange, CatalogColumn, CatalogPin

Decision = Literal["label", "clear", "mask"]
"""label: it is about this. clear: it may be seen, and nothing looks at it any more. mask: hide it, whatever it is."""


class ReviewRefused(Exception):
    """The decision cannot be taken. The message is public."""


@dataclass(frozen=True, slots=True)
class Review:
    """One decision: `by` is the reviewer, `why` is kept with it."""

    path: Path
    by: str
    why: str
    at: float


async def pin(store: Store, resource: str, review: Review, *, decision: Decision, label: str = "") -> Change:
    """Pin a place that is known. Raises ReviewRefused and StoreUnavailable."""
    _check(decision, label)
    async with store.session() as session:
        row = await session.get(CatalogColumn, (resource, *review.path))
        if row is None:
            raise ReviewRefused("There is no such column in the catalog.")
        kept = await session.get(CatalogPin, (resource, *review.path))
        before = effective(row.label, Pin(kept.decision, kept.label) if kept else None)
        if kept is None:
            schema, table, column = review.path
            kept = CatalogPin(resource=resource, schema=schema, table=table, column=column)
            session.add(kept)
        kept.decision, kept.label, kept.by, kept.why, kept.at = decision, label, review.by, review.why, review.at
        row.state = ""
        after = effective(row.label, Pin(decision, label))
        change = Change(resource, review.path, "pinned", before or "", after or "")
        session.add(_history(change, review))
        await bump(session, resource)
    return change


async def unpin(store: Store, resource: str, review: Review) -> Change:
    """Take a pin back: what scans found counts again. Raises ReviewRefused and StoreUnavailable."""
    async with store.session() as session:
        kept = await session.get(CatalogPin, (resource, *review.path))
        if kept is None:
            raise ReviewRefused("This column is not pinned.")
        row = await session.get(CatalogColumn, (resource, *review.path))
        found = row.label if row is not None else Label.UNSCANNED
        before = effective(found, Pin(kept.decision, kept.label))
        await session.delete(kept)
        change = Change(resource, review.path, "unpinned", before or "", effective(found, None) or "")
        session.add(_history(change, review))
        await bump(session, resource)
    return change


async def accept(store: Store, resource: str, review: Review) -> Change:
    """What was found is right: the column keeps its label and waits no longer. Raises ReviewRefused."""
    async with store.session() as session:
        row = await session.get(CatalogColumn, (resource, *review.path))
        if row is None or row.state != PENDING:
            raise ReviewRefused("This column does not wait for a review.")
        row.state = ""
        change = Change(resource, review.path, "accepted", row.label, row.label)
        session.add(_history(change, review))
        await bump(session, resource)
    return change


def _check(decision: Decision, label: str) -> None:
    if decision == "label" and label not in {known.value for known in Label if known is not Label.UNSCANNED}:
        raise ReviewRefused(f"{label[:40] or 'An empty text'} is not a label.")
    if decision != "label" and label:
        raise ReviewRefused(f"A pin that says {decision} takes no label.")


def _history(change: Change, review: Review) -> CatalogChange:
    schema, table, column = review.path
    return CatalogChange(
        resource=change.resource, schema=schema, table=table, column=column, at=review.at, by=review.by,
        what=change.what, before=change.before, after=change.after, why=review.why,
    )  # fmt: skip
