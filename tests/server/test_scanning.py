"""A scan keeps verdicts and no values, lets views inherit, and never turns ignorance into clearance."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence

import pytest
from sqlalchemy import select

from backends.base import Chunk, ColumnSample, Health, Limits, Wanted
from backends.errors import UpstreamError
from catalog.classify import ColumnView, classify_table
from catalog.classify import Verdict as ColumnVerdict
from catalog.model import Label
from policy.permit import Permit
from server.scanning import ScanSummary, load_labels, scan_resource
from server.store.engine import Store
from server.store.models import CatalogColumn
from tests.catalog.places import column

pytestmark = pytest.mark.anyio

EMAILS = ("jane@example.com", "joe@example.org", "ann@example.net")
CUSTOMERS = (
    ColumnSample(column("shop.customers.id"), "bigint", ("1", "2", "3")),
    ColumnSample(column("shop.customers.email"), "text", EMAILS),
    ColumnSample(column("shop.customers.country"), "char(2)", ("DE", "FR")),
)


class ListedUpstream:
    """An upstream whose scan yields what it was given; raises after the last one if told to."""

    def __init__(self, columns: Iterable[ColumnSample], *, failure: UpstreamError | None = None) -> None:
        self.columns, self.failure, self.sample = tuple(columns), failure, 0

    async def scan(self, *, sample: int, wanted: Wanted | None = None) -> AsyncGenerator[ColumnSample]:
        self.sample = sample
        for found in self.columns:
            yield found
        if self.failure:
            raise self.failure

    async def execute(self, permit: Permit, *, limits: Limits, label: str) -> AsyncGenerator[Chunk]:
        raise AssertionError("a scan executes nothing")
        yield

    async def check(self) -> list[Health]:
        return []

    async def close(self) -> None:
        return


async def scan(store: Store, *columns: ColumnSample, resource: str = "shop") -> ScanSummary:
    return await scan_resource(store, resource, ListedUpstream(columns), clock=lambda: 1000.0)


def view(name: str, *sources: str, exact: bool, values: tuple[str, ...] = ("x",)) -> ColumnSample:
    return ColumnSample(column(name), "text", values, tuple(map(column, sources)), exact)


async def labels_after(store: Store, *columns: ColumnSample) -> dict[str, Label | None]:
    await scan(store, *columns)
    labels = await load_labels(store, "shop")
    return {str(found.locator): labels.column(found.locator) for found in columns}


async def rows_of(store: Store, resource: str = "shop") -> list[CatalogColumn]:
    async with store.session() as session:
        live = select(CatalogColumn).where(CatalogColumn.resource == resource, CatalogColumn.vanished_at.is_(None))
        return [*await session.scalars(live)]


async def test_what_was_found_is_kept_with_its_detector_and_time(store: Store) -> None:
    summary = await scan(store, *CUSTOMERS)
    assert (summary.tables, summary.columns, summary.labelled, summary.vanished) == (1, 3, 1, 0)
    assert dict(summary.by_label) == {Label.EMAIL: 1}
    kept = {row.column: (row.type, row.label, row.detector, row.scanned_at) for row in await rows_of(store)}
    assert kept["email"] == ("text", "EMAIL", "email", 1000.0)
    assert kept["country"] == ("char(2)", "", "", 1000.0)


async def test_no_value_is_kept(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    kept = repr([vars(row) for row in await rows_of(store)])
    assert "jane" not in kept
    assert "example" not in kept


async def test_before_any_scan_everything_is_unscanned(store: Store) -> None:
    labels = await load_labels(store, "shop")
    assert labels.column(column("shop.customers.id")) is Label.UNSCANNED


async def test_after_a_scan_clear_columns_are_clear_and_unseen_ones_are_not(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    labels = await load_labels(store, "shop")
    assert labels.column(column("shop.customers.country")) is None
    assert labels.column(column("shop.customers.email")) is Label.EMAIL
    assert labels.column(column("shop.customers.added_later")) is Label.UNSCANNED


async def test_siblings_are_judged_together(store: Store) -> None:
    names = ("Xhantulf Brunk", "Ypsel Quandt")
    table = (
        ColumnSample(column("s.t7.name"), "text", names),
        ColumnSample(column("s.t7.dob"), "date", ("1987-06-05",)),
        ColumnSample(column("s.t8.name"), "text", names),
    )
    assert await labels_after(store, *table) == {"s.t7.name": Label.PERSON, "s.t7.dob": Label.DOB, "s.t8.name": None}


async def test_the_asked_number_of_samples_reaches_the_upstream(store: Store) -> None:
    upstream = ListedUpstream(CUSTOMERS)
    await scan_resource(store, "shop", upstream, sample=7)
    assert upstream.sample == 7


async def test_a_second_scan_updates_adds_and_forgets(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    moved = ColumnSample(column("shop.customers.country"), "text", EMAILS)
    added = ColumnSample(column("shop.customers.fax"), "text", ("+49 30 1234567",))
    summary = await scan(store, CUSTOMERS[0], moved, added)
    assert (summary.columns, summary.vanished) == (3, 1)
    kept = {row.column: row.label for row in await rows_of(store)}
    assert kept == {"id": "", "country": "EMAIL", "fax": "PHONE"}


async def test_resources_do_not_touch_each_other(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    await scan(store, CUSTOMERS[0], resource="other")
    assert len(await rows_of(store)) == 3
    assert len(await rows_of(store, "other")) == 1


async def test_a_scan_that_breaks_off_leaves_the_old_labels(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    failing = ListedUpstream(CUSTOMERS[:1], failure=UpstreamError("unreachable", "gone", "the target went away"))
    with pytest.raises(UpstreamError):
        await scan_resource(store, "shop", failing)
    assert len(await rows_of(store)) == 3


async def test_an_empty_scan_leaves_everything_unscanned(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    summary = await scan(store)
    assert (summary.columns, summary.vanished) == (0, 3)
    assert (await load_labels(store, "shop")).column(column("shop.customers.id")) is Label.UNSCANNED


async def test_an_exact_view_column_inherits_under_any_name(store: Store) -> None:
    found = await labels_after(store, view("v.people.c1", "shop.customers.email", exact=True), *CUSTOMERS)
    assert found["v.people.c1"] is Label.EMAIL


async def test_an_exact_view_column_of_a_clear_base_may_still_be_found_by_itself(store: Store) -> None:
    shown = view("v.people.email", "shop.customers.country", exact=True, values=EMAILS)
    assert (await labels_after(store, shown, *CUSTOMERS))["v.people.email"] is Label.EMAIL


async def test_a_view_column_made_of_a_labelled_one_is_computed(store: Store) -> None:
    made = view("v.people.initial", "shop.customers.country", "shop.customers.email", exact=False)
    clear = view("v.people.code", "shop.customers.country", exact=False)
    found = await labels_after(store, made, clear, *CUSTOMERS)
    assert found["v.people.initial"] is Label.COMPUTED
    assert found["v.people.code"] is None


async def test_views_of_views_inherit_in_any_order(store: Store) -> None:
    top = view("v.top.x", "v.middle.x", exact=True)
    middle = view("v.middle.x", "v.bottom.x", exact=True)
    bottom = view("v.bottom.x", "shop.customers.email", exact=False)
    found = await labels_after(store, top, middle, bottom, *CUSTOMERS)
    assert {found["v.top.x"], found["v.middle.x"], found["v.bottom.x"]} == {Label.COMPUTED}


async def test_views_that_need_each_other_are_not_clear(store: Store) -> None:
    one, other = view("v.a.x", "v.b.x", exact=False), view("v.b.x", "v.a.x", exact=False)
    assert set((await labels_after(store, one, other)).values()) == {Label.COMPUTED}


@pytest.mark.parametrize(
    ("exact", "values", "label"),
    [(False, ("x",), Label.COMPUTED), (True, ("x",), None), (True, EMAILS, Label.EMAIL), (True, (), Label.UNSCANNED)],
)
async def test_a_base_that_the_scanner_may_not_read_is_not_clear(
    store: Store, exact: bool, values: tuple[str, ...], label: Label | None
) -> None:
    shown = view("v.hidden.x", "private.t.x", exact=exact, values=values)
    assert (await labels_after(store, shown))["v.hidden.x"] is label


async def test_views_of_the_system_catalogs_are_clear_but_for_statistics(store: Store) -> None:
    names = view("v.names.n", "pg_catalog.pg_class.relname", exact=False)
    stats = view("v.stats.s", "pg_catalog.pg_stats.most_common_vals", exact=False)
    assert await labels_after(store, names, stats) == {"v.names.n": None, "v.stats.s": Label.COMPUTED}


async def test_a_column_that_breaks_a_detector_stays_masked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(table: str, columns: object) -> None:
        raise RuntimeError("jane@example.com")

    monkeypatch.setattr("catalog.classify.classify_table", broken)
    assert set((await labels_after(store, *CUSTOMERS)).values()) == {Label.UNSCANNED}


async def test_a_column_that_breaks_a_detector_leaves_the_others_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = await labels_after(store, *CUSTOMERS)

    def brittle(table: str, columns: Sequence[ColumnView]) -> list[ColumnVerdict | None]:
        if any(view.name == "country" for view in columns):
            raise RuntimeError("jane@example.com")
        return classify_table(table, columns)

    monkeypatch.setattr("catalog.classify.classify_table", brittle)
    found = await labels_after(store, *CUSTOMERS)
    assert {path for path, label in found.items() if label is Label.UNSCANNED} == {"shop.customers.country"}
    assert {path for path, label in found.items() if label and path in plain} >= {"shop.customers.email"}


async def test_a_label_of_a_newer_version_is_not_clearance(store: Store) -> None:
    await scan(store, *CUSTOMERS)
    async with store.session() as session:
        row = await session.get(CatalogColumn, ("shop", "shop", "customers", "country"))
        assert row is not None
        row.label = "GENOME"
    assert (await load_labels(store, "shop")).column(column("shop.customers.country")) is Label.UNSCANNED
