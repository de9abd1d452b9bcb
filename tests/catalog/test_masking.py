"""Which result columns are hidden, and that hiding never lets a value through."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from catalog.columntypes import Family
from catalog.labels import Labels
from catalog.masking import CellMask, Plan, cell_mask, mask_rows, plan_masks
from catalog.model import Label, Locator
from tests.catalog.places import SHOP, column, labels, table

NOTHING: frozenset[Label] = frozenset()
COMPUTED = (None, "text")


def plan(
    *columns: tuple[Locator | None, str],
    relations: Sequence[str] = ("public.customers",),
    opaque: bool = False,
    revealed: frozenset[Label] = NOTHING,
    touched: Sequence[Locator] | None = None,
    known: Labels | None = None,
) -> list[Label | None]:
    """The labels for which columns are hidden."""
    masks: Plan = plan_masks(
        known or labels(SHOP),
        columns,
        relations=[table(relation) for relation in relations],
        opaque=opaque,
        revealed=revealed,
        columns_touched=touched,
    )
    return [mask.label if mask else None for mask in masks]


def test_columns_are_hidden_by_where_they_come_from() -> None:
    email, country = (column("public.customers.email"), "text"), (column("public.customers.country"), "text")
    assert plan(email, country) == [Label.EMAIL, None]


def test_a_revealed_label_is_shown_and_others_stay_hidden() -> None:
    email, phone = (column("public.customers.email"), "text"), (column("public.customers.phone"), "text")
    assert plan(email, phone, revealed=frozenset({Label.EMAIL})) == [None, Label.PHONE]


def test_a_column_added_since_the_scan_is_hidden() -> None:
    assert plan((column("public.customers.added_later"), "text")) == [Label.UNSCANNED]


def test_an_origin_of_an_unknown_kind_is_hidden() -> None:
    assert plan((Locator("file", ("x",)), "text")) == [Label.UNSCANNED]


@pytest.mark.parametrize(
    ("relation", "label"),
    [("public.customers", Label.COMPUTED), ("public.orders", None), ("public.never_scanned", Label.COMPUTED)],
)
def test_a_computed_column_is_hidden_when_a_relation_carries_a_label_or_is_unknown(
    relation: str, label: Label | None
) -> None:
    assert plan(COMPUTED, relations=[relation]) == [label]


def test_a_computed_column_is_shown_when_all_it_may_hold_is_revealed() -> None:
    assert plan(COMPUTED, revealed=frozenset({Label.EMAIL, Label.PHONE})) == [None]
    assert plan(COMPUTED, revealed=frozenset({Label.EMAIL})) == [Label.COMPUTED]


def test_revealing_computed_values_does_not_reveal_what_they_are_made_of() -> None:
    assert plan(COMPUTED, revealed=frozenset({Label.COMPUTED})) == [Label.COMPUTED]


def test_an_opaque_statement_hides_every_computed_column() -> None:
    assert plan(COMPUTED, relations=["public.orders"], opaque=True, touched=[]) == [Label.COMPUTED]
    assert plan(COMPUTED, relations=[], opaque=True) == [Label.COMPUTED]


def test_a_statement_that_reads_nothing_is_shown() -> None:
    assert plan(COMPUTED, relations=[]) == [None]


def test_a_whole_row_is_hidden_if_any_of_its_columns_is() -> None:
    assert plan((table("public.customers"), "customers")) == [Label.COMPUTED]
    assert plan((table("public.orders"), "orders")) == [None]
    assert plan((table("public.never"), "never")) == [Label.COMPUTED]


def test_whoever_may_see_every_label_sees_everything() -> None:
    shown = plan((column("public.never.x"), "text"), COMPUTED, opaque=True, revealed=frozenset(Label))
    assert shown == [None, None]


@pytest.mark.parametrize(
    ("touched", "hidden"),
    [
        ([], False),  # SELECT count(*) FROM customers
        ([column("public.customers.country")], False),
        ([column("public.customers.email")], True),  # SELECT upper(email)
        ([column("country")], False),
        ([column("email")], True),
        ([column("customers.country")], False),
        ([column("customers.email")], True),
        ([column("c.email")], True),  # an alias
        ([column("c.country")], False),
        ([column("country"), column("phone")], True),
        ([column("added_later")], True),  # a column that no scan has seen
        ([column("customers")], True),  # a whole row that was taken for a column
        ([table("public.customers")], True),  # SELECT c.* or row_to_json(c)
        ([table("c")], True),  # a star of something unknown
        ([table("public.orders")], False),
        ([Locator("column", ("email",))], True),
        ([Locator("expression", ("x",))], True),
    ],
)
def test_with_known_mentions_a_computed_column_is_hidden_only_if_one_reaches_a_label(
    touched: list[Locator], hidden: bool
) -> None:
    assert plan(COMPUTED, touched=touched) == [Label.COMPUTED if hidden else None]


def test_an_unplaced_column_may_be_of_any_relation() -> None:
    both = ["public.customers", "public.orders"]
    assert plan(COMPUTED, relations=both, touched=[column("status")]) == [None]
    assert plan(COMPUTED, relations=both, touched=[column("email")]) == [Label.COMPUTED]
    assert plan(COMPUTED, relations=["public.orders"], touched=[column("email")]) == [Label.COMPUTED]


def test_beside_an_unscanned_relation_no_unplaced_column_is_clear() -> None:
    both = ["public.orders", "public.never"]
    assert plan(COMPUTED, relations=both, touched=[column("status")]) == [Label.COMPUTED]
    assert plan(COMPUTED, relations=both, touched=[]) == [None]


def test_mentions_of_revealed_labels_do_not_hide() -> None:
    assert plan(COMPUTED, touched=[column("email")], revealed=frozenset({Label.EMAIL})) == [None]


def test_names_in_clear_system_tables_do_not_hide_but_statistics_do() -> None:
    assert plan(COMPUTED, relations=["pg_catalog.pg_class"], touched=[column("relname")]) == [None]
    assert plan(COMPUTED, relations=["pg_stats"], touched=[column("most_common_vals")]) == [Label.COMPUTED]
    assert plan(COMPUTED, relations=["pg_class", "public.customers"], touched=[column("c")]) == [Label.COMPUTED]


def test_cells_are_hidden_in_place_and_counted_and_null_stays_null() -> None:
    rows: list[list[str | None]] = [["1", "jane@example.com"], ["2", None], ["3", "joe@example.org"]]
    assert mask_rows(rows, [None, cell_mask(Label.EMAIL, "text")]) == 2
    assert rows == [["1", "j***@e***.com"], ["2", None], ["3", "j***@e***.org"]]


def test_a_masker_that_fails_gives_full_redaction() -> None:
    def fail(value: str) -> str:
        raise RuntimeError(value)

    rows: list[list[str | None]] = [["jane@example.com"]]
    assert mask_rows(rows, [CellMask(Label.EMAIL, "partial", apply=fail, redacted="[EMAIL]")]) == 1
    assert rows == [["[EMAIL]"]]


@pytest.mark.parametrize("row", [["a"], ["a", "b", "c"], []])
def test_a_row_that_the_plan_was_not_made_for_is_refused(row: list[str | None]) -> None:
    with pytest.raises(ValueError, match="a plan for 2"):
        mask_rows([row], [None, cell_mask(Label.EMAIL, "text")])


def test_the_refusal_of_a_row_does_not_tell_its_values() -> None:
    with pytest.raises(ValueError) as refused:
        mask_rows([["jane@example.com"]], [])
    assert "jane" not in str(refused.value)


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize(
    "type_name", ["integer", "boolean", "uuid", "bytea", "order_status", "xml", "int4[]", "record"]
)
def test_types_that_cannot_hold_a_tag_become_null(label: Label, type_name: str) -> None:
    assert cell_mask(label, type_name).apply("value") is None


@pytest.mark.parametrize("label", list(Label))
def test_every_label_has_a_mask_in_every_family(label: Label) -> None:
    for family in Family:
        mask = cell_mask(label, family.value)
        assert mask.label is label
        assert mask.apply("a value of another kind") in (mask.redacted, None)


def test_the_kind_says_what_remains() -> None:
    kinds = {name: cell_mask(Label.EMAIL, name).kind for name in ("text", "integer", "jsonb")}
    assert kinds == {"text": "partial", "integer": "null", "jsonb": "partial"}
    assert cell_mask(Label.DOB, "date").kind == "generalise"
