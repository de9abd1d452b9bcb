"""From the use of columns to effects, by what the catalog knows and by what the rules reveal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.labels import Labels
from catalog.model import Label, Locator
from policy.document import Source, build_document
from policy.effects import Effect
from policy.engine import Engine
from policy.model import Allow, Decision, Deny, Query, Steer, SteerUse
from policy.steering import EFFECTS, LabelledUse, Uses, decide_with_uses
from tests.policy.queries import OPEN, operation, query

PACK = (Path(__file__).parents[2] / "policy" / "packs" / "baseline.cedar").read_text("utf-8")
COLUMNS: dict[str, Label | None] = {
    "shop.customers.id": None,
    "shop.customers.email": Label.EMAIL,
    "shop.customers.born": Label.DOB,
    "shop.orders.id": None,
    "shop.orders.status": None,
    "old.orders.status": Label.TEXT,
}
LABELS = Labels.build((Locator("column", tuple(name.split("."))), label) for name, label in COLUMNS.items())


def see(*labels: str) -> str:
    return "".join(
        f'@id("see.{label}") permit (principal, action == Action::"reveal", resource == Label::"{label}");'
        for label in labels
    )


def guarded(*rules: str) -> Engine:
    texts = (PACK, OPEN, *rules)
    return Engine(build_document([Source(f"{index}.cedar", text) for index, text in enumerate(texts)]))


def steered(*steers: tuple[SteerUse, str], targets: Iterable[str] = ("shop.customers", "shop.orders")) -> Query:
    """Steers as (use, "schema.table.column"); an "?" at the end makes it a name."""
    found = tuple(
        Steer(use, Locator("name" if place.endswith("?") else "column", tuple(place.rstrip("?").split("."))))
        for use, place in steers
    )
    return query(replace(operation(targets=targets), steering=found))


def decided(engine: Engine, asked: Query, labels: Labels = LABELS) -> tuple[Query, Decision]:
    return decide_with_uses(engine, asked, Uses().of(asked.operation, labels))


def effects(asked: Query, labels: Labels = LABELS) -> set[str]:
    found, _decision = decided(guarded(), asked, labels)
    return set(found.operation.effects - asked.operation.effects)


@pytest.mark.parametrize("use", EFFECTS)
def test_each_use_of_a_hidden_column_has_its_effect(use: SteerUse) -> None:
    assert effects(steered((use, "shop.customers.email"))) == {EFFECTS[use].value}


@pytest.mark.parametrize("use", EFFECTS)
def test_no_use_of_a_clear_column_has_an_effect(use: SteerUse) -> None:
    assert effects(steered((use, "shop.customers.id"), (use, "..status"))) == set()


@pytest.mark.parametrize("use", sorted(set(EFFECTS) - {"equality"}))
def test_only_a_look_up_passes_while_the_column_is_hidden(use: SteerUse) -> None:
    assert isinstance(decided(guarded(), steered((use, "shop.customers.email")))[1], Deny)
    assert isinstance(decided(guarded(), steered(("equality", "shop.customers.email")))[1], Allow)


@pytest.mark.parametrize("use", EFFECTS)
def test_whoever_sees_the_column_may_use_it(use: SteerUse) -> None:
    asked, decision = decided(guarded(see("EMAIL")), steered((use, "shop.customers.email")))
    assert isinstance(decision, Allow)
    assert decision.obligations.revealed == {Label.EMAIL}
    assert not [effect for effect in asked.operation.effects if effect.startswith("masked-")]


def test_seeing_one_label_does_not_free_another() -> None:
    both = steered(("predicate", "shop.customers.email"), ("order", "shop.customers.born"))
    asked, decision = decided(guarded(see("EMAIL")), both)
    assert isinstance(decision, Deny)
    assert asked.operation.effects >= {"masked-order"}
    assert "masked-predicate" not in asked.operation.effects


def test_a_value_that_can_be_found_by_trying_cannot_be_looked_up() -> None:
    assert effects(steered(("equality", "shop.customers.born"))) == {Effect.MASKED_PREDICATE.value}


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (".customers.email", {Label.EMAIL}),
        ("..email", {Label.EMAIL}),
        ("shop.customers.*", {Label.EMAIL, Label.DOB}),
        ("..*", {Label.EMAIL, Label.DOB}),
        (".orders.*", {Label.TEXT}),
        ("shop.orders.*", set()),
        (".orders.status", {Label.TEXT}),
        ("shop.orders.status", set()),
        ("shop.customers.new", {Label.UNSCANNED}),
        ("..new", {Label.UNSCANNED}),
        ("..new?", set()),
        ("..email?", {Label.EMAIL}),
        ("shop.nowhere.id", {Label.UNSCANNED}),
        ("shop.nowhere.*", {Label.UNSCANNED}),
        ("pg_catalog.pg_class.relname", set()),
        ("pg_catalog.pg_authid.rolpassword", {Label.PASSWORD}),
    ],
)
def test_a_column_carries_every_label_it_may_have(place: str, expected: set[Label]) -> None:
    found = Uses().of(steered(("predicate", place)).operation, LABELS)
    assert {use.label for use in found} == expected


def test_a_bare_name_beside_a_table_that_was_never_scanned_is_unknown() -> None:
    found = Uses().of(steered(("predicate", "..id"), targets=["shop.customers", "shop.fresh"]).operation, LABELS)
    assert {use.label for use in found} == {Label.UNSCANNED}


def test_columns_of_system_tables_are_clear() -> None:
    asked = steered(("predicate", "..relname"), ("order", "..oid"), targets=["pg_catalog.pg_class"])
    assert effects(asked, Labels.build(())) == set()


def test_before_the_first_scan_nothing_can_be_used() -> None:
    assert effects(steered(("equality", "shop.customers.id")), Labels.build(())) == {"masked-predicate"}


def test_the_denial_names_column_and_use_and_what_passes() -> None:
    asked, decision = decided(guarded(), steered(("predicate", "shop.customers.email")))
    assert isinstance(decision, Deny)
    for words in ("shop.customers.email (EMAIL) decides which rows", "select the column bare", "right to see EMAIL"):
        assert words in decision.remedy
    assert asked.operation.statements[0].suggestion == decision.remedy


def test_a_reveal_that_ends_with_the_effects_leaves_nothing_open() -> None:
    """Seeing EMAIL is taken back because DOB is used; then the use of EMAIL counts as well."""
    rule = """@id("careful") permit (principal, action == Action::"reveal", resource == Label::"EMAIL")
    unless { context.effects.contains("masked-order") };"""
    both = steered(("predicate", "shop.customers.email"), ("order", "shop.customers.born"))
    asked, decision = decided(guarded(rule), both)
    assert isinstance(decision, Deny)
    assert asked.operation.effects >= {"masked-order", "masked-predicate"}
    alone = steered(("predicate", "shop.customers.email"))
    assert isinstance(decided(guarded(rule), alone)[1], Allow)


def test_findings_hold_for_one_set_of_labels() -> None:
    uses, asked = Uses(size=2), steered(("predicate", "shop.customers.email")).operation
    assert uses.of(asked, LABELS) == (
        LabelledUse(Effect.MASKED_PREDICATE, Label.EMAIL, Locator("column", ("shop", "customers", "email"))),
    )
    cleared = Labels.build([(Locator("column", ("shop", "customers", "email")), None)])
    assert uses.of(asked, cleared) == ()
    assert uses.of(asked, LABELS) != ()
