"""From the store to labels: scans say what a place holds, pins of reviewers beat them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from catalog.labels import Labels
from catalog.model import Label, Locator
from server.catalog.places import Path
from server.store.engine import Store
from server.store.models import CatalogColumn, CatalogPin, CatalogState


@dataclass(frozen=True, slots=True)
class Pin:
    """A reviewer's decision: `decision` is label, clear or mask."""

    decision: str
    label: str = ""


async def load_labels(store: Store, resource: str) -> Labels:
    """What masks rest on now; empty (so all is UNSCANNED) when there was no scan."""
    columns = CatalogColumn
    found = (
        select(columns.schema, columns.table, columns.column, columns.label, columns.kind)
        .where(columns.resource == resource, columns.vanished_at.is_(None))
        .order_by(columns.schema, columns.table, columns.position, columns.column)
    )
    async with store.session(read_only=True) as session:
        rows = (await session.execute(found)).all()
        pinned = await session.scalars(select(CatalogPin).where(CatalogPin.resource == resource))
        pins = {(pin.schema, pin.table, pin.column): Pin(pin.decision, pin.label) for pin in pinned}
    cleared = [path for path, pin in pins.items() if pin.decision == "clear"]
    return Labels.build(_entries([((r[0], r[1], r[2]), r[3], r[4]) for r in rows], pins), cleared)


async def load_versions(store: Store) -> dict[str, int]:
    """How often the labels of each resource changed, so that a process sees what another one did."""
    async with store.session(read_only=True) as session:
        rows = (await session.execute(select(CatalogState.resource, CatalogState.version))).all()
    return {row[0]: row[1] for row in rows}


def effective(label: str, pin: Pin | None) -> Label | None:
    """The label that counts. A label that this version does not know (written by a newer one) is not clearance."""
    if pin is not None and pin.decision == "clear":
        return None
    if pin is not None and pin.decision == "label":
        return known(pin.label) or Label.COMPUTED
    found = known(label)
    return found or Label.COMPUTED if pin is not None else found


def known(name: str) -> Label | None:
    try:
        return Label(name) if name else None
    except ValueError:
        return Label.UNSCANNED


def _entries(rows: list[tuple[Path, str, str]], pins: Mapping[Path, Pin]) -> Iterator[tuple[Locator, Label | None]]:
    for path, label, kind in rows:
        yield Locator(kind, path), effective(label, pins.get(path))
    scanned = {path for path, _label, _kind in rows}
    for path, pin in pins.items():
        if path not in scanned:
            yield Locator("column", path), effective("", pin)
