"""What the catalog answers about columns it knows, and about those it does not."""

from __future__ import annotations

import pytest

from catalog.labels import Labels
from catalog.model import Label, Locator
from tests.catalog.places import SHOP, column, labels, table


def test_a_scanned_column_has_its_label_and_a_clear_one_has_none() -> None:
    shop = labels(SHOP)
    assert shop.column(column("public.customers.email")) is Label.EMAIL
    assert shop.column(column("public.customers.country")) is None


@pytest.mark.parametrize("unknown", ["public.customers.added_later", "public.never.x", "nowhere.customers.email"])
def test_what_no_scan_has_seen_is_unscanned(unknown: str) -> None:
    assert labels(SHOP).column(column(unknown)) is Label.UNSCANNED


def test_without_any_scan_everything_is_unscanned() -> None:
    nothing = Labels.build(())
    assert nothing.column(column("public.customers.id")) is Label.UNSCANNED
    assert nothing.of([table("public.customers")]) == {Label.UNSCANNED}
    assert nothing.of([Locator("schema", ("public",))]) == {Label.UNSCANNED}


def test_a_locator_of_another_length_is_unscanned() -> None:
    assert labels(SHOP).column(Locator("column", ("email",))) is Label.UNSCANNED


def test_a_table_lists_its_labelled_columns() -> None:
    shop = labels(SHOP)
    assert dict(shop.table(table("public.customers"))) == {"email": Label.EMAIL, "phone": Label.PHONE}
    assert dict(shop.table(table("public.orders"))) == {}


def test_an_unqualified_table_means_that_table_in_every_schema() -> None:
    assert dict(labels(SHOP).table(table("orders"))) == {"card": Label.CREDIT_CARD}


def test_a_table_that_was_never_scanned_is_not_a_table_without_labels() -> None:
    assert set(labels(SHOP).table(table("public.never")).values()) == {Label.UNSCANNED}


def test_an_unqualified_column_that_schemas_disagree_on_is_computed() -> None:
    shop = labels({"a.t.x": Label.EMAIL, "b.t.x": Label.PHONE, "a.u.x": Label.EMAIL, "b.u.x": None})
    assert shop.column(column("t.x")) is Label.COMPUTED
    assert shop.column(column("u.x")) is Label.EMAIL


def test_labels_of_places_add_up() -> None:
    shop = labels(SHOP)
    assert shop.of([column("public.customers.phone"), table("orders")]) == {Label.PHONE, Label.CREDIT_CARD}
    assert shop.of([Locator("schema", ("crm",))]) == {Label.EMAIL}
    assert shop.of([column("email")]) == {Label.EMAIL}
    assert shop.of([Locator("function", ("", "now"))]) == frozenset()


@pytest.mark.parametrize(
    "clear", ["pg_catalog.pg_class.relname", "information_schema.columns.column_name", "pg_class.x"]
)
def test_the_system_catalogs_are_clear(clear: str) -> None:
    assert labels(SHOP).column(column(clear)) is None


@pytest.mark.parametrize(
    ("copy", "label"),
    [
        ("pg_catalog.pg_stats.most_common_vals", Label.COMPUTED),
        ("pg_catalog.pg_statistic.stavalues1", Label.COMPUTED),
        ("pg_stats.histogram_bounds", Label.COMPUTED),
        ("pg_catalog.pg_stat_activity.query", Label.TEXT),
        ("pg_catalog.pg_authid.rolpassword", Label.PASSWORD),
    ],
)
def test_system_columns_that_copy_user_data_are_not_clear(copy: str, label: Label) -> None:
    assert labels(SHOP).column(column(copy)) is label


def test_a_user_table_named_like_a_system_table_keeps_its_labels() -> None:
    shop = labels({"public.pg_class.secret": Label.SECRET})
    assert shop.column(column("public.pg_class.secret")) is Label.SECRET
    assert Label.SECRET in shop.of([table("pg_class")])


def test_the_version_changes_with_any_label_and_with_nothing_else() -> None:
    again = dict(reversed([*SHOP.items()]))
    assert labels(SHOP).version == labels(again).version
    assert labels(SHOP).version != labels({**SHOP, "public.orders.status": Label.TEXT}).version
    assert labels(SHOP).version != labels({**SHOP, "public.orders.added": None}).version


def test_only_columns_can_be_labelled() -> None:
    with pytest.raises(ValueError, match="not for a table"):
        Labels.build([(table("public.customers"), Label.EMAIL)])
