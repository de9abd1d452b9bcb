"""What a later scan finds new waits for a review, and nothing that waits is ever narrowed by a scan."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backends.errors import UpstreamError
from catalog.model import Label
from server.catalog.loading import load_labels, load_versions
from server.catalog.places import Verdict
from server.catalog.saving import mark_pending, unscan
from server.scanning import Progress, scan_resource
from server.store.engine import Store
from server.store.models import CatalogChange, CatalogColumn, CatalogEvidence
from tests.catalog.places import column
from tests.server.catalog.scans import EMAILS, Listed, sample, scan

pytestmark = pytest.mark.anyio

ID, CODE = sample("shop.t.id", "1", "2", type="bigint"), sample("shop.t.code", "a1", "b2")
REACH = sample("shop.t.code", *EMAILS)
FAX = sample("shop.t.email", *EMAILS)


async def label_of(store: Store, name: str) -> Label | None:
    return (await load_labels(store, "shop")).column(column(name))


async def states(store: Store) -> dict[str, str]:
    async with store.session() as session:
        return {row.column: row.state for row in await session.scalars(select(CatalogColumn))}


async def test_the_first_scan_is_the_baseline_and_asks_for_no_review(store: Store) -> None:
    summary = await scan(store, ID, FAX)
    assert summary.changes == ()
    assert set((await states(store)).values()) == {""}


async def test_a_new_sensitive_column_is_masked_and_pending(store: Store) -> None:
    await scan(store, ID)
    summary = await scan(store, ID, FAX, now=2000)
    assert [(change.what, change.place, change.after) for change in summary.changes] == [
        ("found", "shop.t.email", "EMAIL")
    ]
    assert (await states(store))["email"] == "pending"
    assert await label_of(store, "shop.t.email") is Label.EMAIL


async def test_a_clear_column_that_turns_sensitive_is_pending_and_a_later_scan_does_not_clear_it(store: Store) -> None:
    await scan(store, ID, CODE)
    assert [change.what for change in (await scan(store, ID, REACH, now=2000)).changes] == ["changed"]
    assert (await scan(store, ID, CODE, now=3000)).changes == ()
    assert await label_of(store, "shop.t.code") is Label.EMAIL


async def test_an_emptied_table_keeps_its_labels(store: Store) -> None:
    await scan(store, ID, REACH)
    await scan(store, ID, sample("shop.t.code"), now=2000)
    assert await label_of(store, "shop.t.code") is Label.EMAIL


async def test_values_that_are_clear_again_clear_a_settled_label_and_the_history_says_so(store: Store) -> None:
    await scan(store, ID, REACH)
    await scan(store, ID, CODE, now=2000)
    assert await label_of(store, "shop.t.code") is None
    async with store.session() as session:
        kept = [(row.what, row.before, row.after) for row in await session.scalars(select(CatalogChange))]
    assert kept == [("cleared", "EMAIL", "")]


async def test_evidence_names_its_kind_and_holds_no_value(store: Store) -> None:
    await scan(store, ID, FAX)
    await scan(store, ID, FAX, now=2000)
    async with store.session() as session:
        rows = [*await session.scalars(select(CatalogEvidence))]
    assert [(row.column, row.label, row.kind, row.hits, row.first_seen, row.last_seen) for row in rows] == [
        ("email", "EMAIL", "values", 2, 1000, 2000)
    ]
    assert "jane" not in repr([vars(row) for row in rows])


async def test_an_interrupted_scan_is_taken_up_where_it_stopped(store: Store) -> None:
    columns = [sample(f"s.t{number}.email", *EMAILS) for number in range(4)]
    broken = Listed(columns, breaks_after=2)  # t1 might have had more columns, so it is not done
    with pytest.raises(UpstreamError):
        await scan_resource(store, "shop", broken, clock=lambda: 1000.0)
    again, seen = Listed(columns), list[Progress]()
    summary = await scan_resource(store, "shop", again, resume=True, progress=seen.append, clock=lambda: 1001.0)
    assert (again.looked_at, summary.skipped) == (["s.t1", "s.t2", "s.t3"], 1)
    assert [(step.done, step.total) for step in seen] == [(1, 3), (2, 3), (3, 3)]
    assert summary.vanished == 0
    assert await label_of(store, "s.t0.email") is Label.EMAIL
    whole = Listed(columns)
    await scan_resource(store, "shop", whole, resume=True, clock=lambda: 1002.0)
    assert len(whole.looked_at) == 4


async def test_a_scan_of_one_table_looks_at_no_other_and_forgets_none(store: Store) -> None:
    other = sample("shop.u.email", *EMAILS)
    await scan(store, ID, other)
    upstream = Listed([ID, REACH, other])
    tables = frozenset({("shop", "t")})
    summary = await scan_resource(store, "shop", upstream, tables=tables, clock=lambda: 2000.0)
    assert (upstream.looked_at, summary.vanished) == (["shop.t"], 0)
    assert await label_of(store, "shop.u.email") is Label.EMAIL
    assert await label_of(store, "shop.t.code") is Label.EMAIL


async def test_what_a_write_labelled_outlives_scans_even_before_its_schema_was_known(store: Store) -> None:
    await scan(store, ID)
    verdict = Verdict("", Label.COMPUTED, detector="lineage", confidence=1.0, kind="lineage")
    await mark_pending(store, "shop", {("", "fresh", "x"): verdict}, now=1500)
    assert await label_of(store, "shop.fresh.x") is Label.UNSCANNED
    await scan(store, ID, sample("shop.fresh.x", "a1", "b2"), now=2000)
    assert await label_of(store, "shop.fresh.x") is Label.COMPUTED


async def test_an_altered_table_is_unscanned_until_looked_at_again(store: Store) -> None:
    await scan(store, ID, CODE)
    assert await unscan(store, "shop", [("shop", "t")], now=1500)
    assert await label_of(store, "shop.t.code") is Label.UNSCANNED
    await scan(store, ID, CODE, now=2000)
    assert await label_of(store, "shop.t.code") is None


async def test_every_change_of_labels_is_seen_by_other_processes(store: Store) -> None:
    await scan(store, ID)
    before = await load_versions(store)
    await unscan(store, "shop", [("shop", "t")], now=1500)
    assert (await load_versions(store))["shop"] > before["shop"]
