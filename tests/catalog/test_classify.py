"""What columns hold: by pairs with as many look-alikes as real ones, and on seeded columns of many locales."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.classify import classify
from catalog.model import Label
from tests.catalog.columns import LOCALES, GeneratedColumn, generate
from tests.catalog.pairs import load
from tests.catalog.places import column

PAIRS = load("columns")
OTHER_LOCALES = ("da_DK", "fi_FI", "cs_CZ", "ja_JP", "ru_RU", "zh_CN", "tr_TR", "en_IN", "hu_HU", "ko_KR")
SENSITIVE_ALWAYS = {"EMAIL", "CREDIT_CARD", "SSN", "IBAN", "SECRET", "PASSWORD", "CVV"}


def label_of(table: str, name: str, type_name: str = "text", values: tuple[str, ...] = (), **siblings: Any) -> str:
    finding = classify(column(f"public.{table}.{name}"), type_name, values, **siblings)
    return finding.label.value if finding else ""


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['table']}.{pair['column']}")
def test_pairs(pair: dict[str, Any]) -> None:
    assert label_of(pair["table"], pair["column"], pair["type"], tuple(pair["values"])) == pair["label"]


def test_there_are_as_many_look_alikes_as_real_columns() -> None:
    clean = sum(not pair["label"] for pair in PAIRS)
    assert abs(2 * clean - len(PAIRS)) <= 4


def judged(columns: list[GeneratedColumn]) -> list[tuple[GeneratedColumn, str]]:
    return [(found, label_of(found.table, found.name, found.type, found.values)) for found in columns]


@pytest.mark.parametrize(("seed", "locales"), [(11, LOCALES), (12, OTHER_LOCALES)])
def test_recall_and_over_masking_on_columns_of_many_locales(seed: int, locales: tuple[str, ...]) -> None:
    results = judged(list(generate(seed, locales)))
    sensitive = [(found, label) for found, label in results if found.label]
    clean = [(found, label) for found, label in results if not found.label]
    missed = [(found.name, found.label) for found, label in sensitive if not label]
    wrong = [(found.name, found.label, label) for found, label in sensitive if label != found.label]
    over = [(found.table, found.name, label) for found, label in clean if label]
    assert len(missed) <= 0.05 * len(sensitive), missed
    assert len(wrong) <= 0.10 * len(sensitive), wrong
    assert len(over) <= 0.05 * len(clean), over


def test_the_gravest_kinds_never_leak_under_a_telling_name() -> None:
    columns = [
        found
        for found in generate(13, OTHER_LOCALES)
        if found.label in SENSITIVE_ALWAYS and not found.name.startswith(("c3", "c9", "col_"))
    ]
    assert [found.name for found, label in judged(columns) if not label] == []


TEN_DIGITS = ("4155550123", "2125550199", "6465550147", "9175550188")


@pytest.mark.parametrize(
    ("name", "label"),
    [("phone", "PHONE"), ("build_id", ""), ("order_no", ""), ("serial", ""), ("tracking_no", ""), ("c7", "")],
)
def test_the_same_digits_are_what_their_name_says(name: str, label: str) -> None:
    assert label_of("anything", name, values=TEN_DIGITS) == label


@pytest.mark.parametrize(
    ("table", "label"),
    [("customers", "PERSON"), ("patients", "PERSON"), ("products", ""), ("companies", ""), ("warehouses", "")],
)
def test_a_name_is_of_what_the_table_holds(table: str, label: str) -> None:
    assert label_of(table, "name", values=("Jane Miller", "Tom Okafor", "Ravi Menon")) == label


def test_firms_in_a_table_of_customers_are_not_people() -> None:
    assert label_of("customers", "name", values=("Acme Ltd", "Miller & Sons", "Bauer GmbH", "Initech Inc")) == ""


def test_siblings_tell_what_an_opaque_table_holds() -> None:
    names = ("Xhantulf Brunk", "Ypsel Quandt", "Zorb Vexler")
    assert label_of("t_0042", "name", values=names, siblings=("name", "dob", "gender")) == "PERSON"
    assert label_of("t_0042", "name", values=names, siblings=("name", "sku", "price")) == ""


def test_medical_siblings_make_a_condition_a_diagnosis() -> None:
    values = ("Asthma", "Type 2 diabetes")
    assert label_of("t_0042", "condition", values=values, siblings=("mrn", "condition")) == "DIAGNOSIS"
    assert label_of("devices", "condition", values=("used", "as new"), siblings=("id", "condition")) == ""


@pytest.mark.parametrize("name", ["sku", "build_id", "order_no", "reference", "c7", "username"])
def test_hard_evidence_convicts_under_any_name(name: str) -> None:
    assert label_of("t", name, values=("jane@example.com", "x", "joe@example.org")) == "EMAIL"
    assert label_of("t", name, values=("x", "y", "sk_li" + "ve_4eC39HqLyjWDarjtT1zdp7dc")) == "SECRET"
    assert label_of("t", name, values=("DE89370400440532013000", "GB82WEST12345698765432")) == "IBAN"


def test_one_stray_address_among_many_values_is_not_enough_but_two_are() -> None:
    many = tuple(f"value {number}" for number in range(100))
    assert label_of("t", "c7", values=(*many, "jane@example.com")) == ""
    assert label_of("t", "c7", values=(*many, "jane@example.com", "joe@example.org")) == "EMAIL"


def test_one_credential_among_many_values_is_enough() -> None:
    many = tuple(f"value {number}" for number in range(100))
    assert label_of("t", "c7", values=(*many, "gh" + "p_0123456789abcdefghij0123456789abcdef")) == "SECRET"


@pytest.mark.parametrize(
    ("name", "type_name", "label"),
    [
        ("email", "text", "EMAIL"),
        ("first_name", "varchar(40)", "PERSON"),
        ("ssn", "char(11)", "SSN"),
        ("card_number", "text", "CREDIT_CARD"),
        ("api_key", "text", "SECRET"),
        ("customer_id", "bigint", ""),
        ("status", "text", ""),
        ("email_verified", "boolean", ""),
    ],
)
def test_an_empty_column_is_judged_by_its_name(name: str, type_name: str, label: str) -> None:
    assert label_of("customers", name, type_name) == label


def test_a_strong_name_is_believed_against_values_that_do_not_fit() -> None:
    assert label_of("users", "email", values=("d41d8cd98f00b204e9800998ecf8427e",) * 3) == "EMAIL"


def test_a_setting_under_a_strong_name_is_not_the_thing_itself() -> None:
    assert label_of("users", "email", values=("daily", "weekly", "never") * 20) == ""


def test_integer_keys_under_a_strong_name_are_clean() -> None:
    assert label_of("users", "phone", "integer", ("1", "2", "17")) == ""


@pytest.mark.parametrize("name", ["salary", "gehalt", "annual_salary", "wage"])
def test_salaries_carry_no_label(name: str) -> None:
    assert label_of("employees", name, "numeric", ("85000", "120000")) == ""


def test_a_product_description_is_clean_until_it_holds_something_sensitive() -> None:
    plain = ("A sturdy chair made of solid oak with a soft seat.", "This lamp gives a warm light to any room.")
    assert label_of("products", "description", values=plain) == ""
    assert label_of("products", "description", values=(*plain, "Questions go to jane@example.com any time.")) == "TEXT"


def test_the_finding_tells_what_spoke_but_no_value() -> None:
    values = ("jane.secretperson@example.com", "joe.otherperson@example.org")
    finding = classify(column("public.customers.email"), "text", values)
    assert finding is not None
    assert (finding.label, finding.detector, finding.mask) == (Label.EMAIL, "email", "")
    assert 0.9 < finding.confidence <= 1
    assert finding.evidence == {"name": "0.95 email", "values": "1.00 of 2", "context": "person"}


ANY_TYPE = st.sampled_from(["text", "integer", "jsonb", "text[]", "date", "inet", "bytea", "uuid", "numeric", "mood"])


@given(st.text(max_size=40), st.text(max_size=40), ANY_TYPE, st.lists(st.text(max_size=60), max_size=12))
def test_any_column_can_be_judged(table: str, name: str, type_name: str, values: list[str]) -> None:
    finding = classify(column("s.t.c").__class__("column", ("s", table, name)), type_name, values)
    assert finding is None or 0 < finding.confidence <= 1
