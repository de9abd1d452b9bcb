"""The generated shop: the same rows everywhere, with what must be masked and with what only looks like it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import phonenumbers
import pytest
from stdnum import iban, luhn

from server.demo.shop import Table, generate

Rows = dict[str, Table]


@pytest.fixture(scope="module")
def shop() -> Rows:
    return {f"{table.schema}.{table.name}": table for table in generate()}


def column(table: Table, name: str) -> list[object]:
    at = table.columns.index(name)
    return [row[at] for row in table.rows]


def texts(table: Table, name: str) -> list[str]:
    return [value for value in column(table, name) if isinstance(value, str)]


def digest(tables: Iterable[Table]) -> str:
    return hashlib.sha256(repr([(table.name, table.rows) for table in tables]).encode()).hexdigest()


def test_the_same_seed_gives_the_same_rows_and_another_seed_gives_others() -> None:
    first, again, other = (digest(generate(seed, scale=0.02)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_there_are_at_least_fifty_thousand_rows_as_wide_as_their_columns(shop: Rows) -> None:
    assert sum(len(table.rows) for table in shop.values()) >= 50_000
    assert all(len(row) == len(table.columns) for table in shop.values() for row in table.rows)


def test_every_card_number_is_luhn_valid_and_comes_from_a_test_range(shop: Rows) -> None:
    cards = texts(shop["shop.payments"], "card_number") + texts(shop["shop.payments_legacy"], "pan")
    assert len(cards) > 5000
    assert all(luhn.is_valid(card.replace(" ", "")) for card in cards)
    assert {card.replace(" ", "")[:2] for card in cards} <= {"41", "42", "40", "55", "51", "22", "37", "60"}


def test_every_iban_is_valid_in_its_country(shop: Rows) -> None:
    accounts = texts(shop["shop.payments"], "iban") + texts(shop["hr.employees"], "bank_account")
    assert len(accounts) > 500
    assert all(iban.is_valid(account) for account in accounts)


def test_a_payment_is_by_card_or_by_debit_and_never_both(shop: Rows) -> None:
    payments = shop["shop.payments"]
    pairs = zip(column(payments, "card_number"), column(payments, "iban"), strict=True)
    assert all((card is None) != (account is None) for card, account in pairs)


def test_phones_are_written_in_many_ways_and_most_are_numbers_of_their_country(shop: Rows) -> None:
    customers = shop["shop.customers"]
    pairs = list(zip(texts(customers, "phone"), texts(customers, "country"), strict=True))
    right = [phonenumbers.is_valid_number(phonenumbers.parse(phone, country)) for phone, country in pairs[:800]]
    assert sum(right) > 0.9 * len(right)
    assert {phone[0] for phone, _ in pairs} >= {"+", "(", "0"}


def test_mail_addresses_differ_and_reach_nobody(shop: Rows) -> None:
    addresses = texts(shop["shop.customers"], "email")
    assert len(set(addresses)) == len(addresses)
    assert all(re.fullmatch(r"[a-z0-9._]+@([a-z]+\.)?example(\.com|\.org|\.net)?", address) for address in addresses)


def test_people_come_from_eight_countries_and_three_scripts_of_letters(shop: Rows) -> None:
    customers = shop["shop.customers"]
    assert set(texts(customers, "country")) == {"US", "GB", "DE", "FR", "ES", "BR", "JP", "PL"}
    names = "".join(texts(customers, "full_name"))
    assert set("äöüß") & set(names)
    assert set("łńżś") & set(names)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in names)


def test_look_alikes_are_there_and_are_not_what_they_look_like(shop: Rows) -> None:
    assert all(re.fullmatch(r"\d{3}-\d{2}-\d{4}", sku) for sku in texts(shop["shop.products"], "sku"))
    parcels = texts(shop["shop.orders"], "tracking_no")
    assert all(luhn.is_valid(parcel) and parcel.startswith("96") and len(parcel) == 16 for parcel in parcels)
    assert all(re.fullmatch(r"[1-9]\d{9}", build) for build in texts(shop["shop.inventory"], "build_id"))
    assert all(re.fullmatch(r"(\d+\.){3}\d+", text) for text in texts(shop["shop.inventory"], "firmware_version"))
    assert all(re.fullmatch(r"[0-9a-f]{40}", sha) for sha in texts(shop["shop.deployments"], "git_sha"))


def test_social_security_numbers_have_an_area_that_was_issued(shop: Rows) -> None:
    numbers = texts(shop["hr.employees"], "ssn")
    assert all(re.fullmatch(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}", number) for number in numbers)


def test_some_tickets_name_people_phones_cards_and_keys_and_some_name_nobody(shop: Rows) -> None:
    bodies = texts(shop["shop.support_tickets"], "body")
    assert not any("{" in body for body in bodies)
    for pattern in (r"sk_live_[0-9a-f]{32}", r"\d{4} \d{4} \d{4} \d{4}", r"@[a-z.]*example", r"\+\d{2} "):
        assert any(re.search(pattern, body) for body in bodies), pattern
    assert any(body == "The jacket is a size too small. Can I send it back without the box?" for body in bodies)


def test_an_order_costs_what_its_lines_cost(shop: Rows) -> None:
    sums: dict[object, Decimal] = {}
    for order, _line, _product, quantity, price in shop["shop.order_items"].rows:
        assert isinstance(quantity, int)
        assert isinstance(price, Decimal)
        sums[order] = sums.get(order, Decimal(0)) + quantity * price
    orders = shop["shop.orders"]
    assert dict(zip(column(orders, "id"), column(orders, "total"), strict=True)) == sums


def test_every_customer_was_born_long_enough_ago_to_buy(shop: Rows) -> None:
    born = [day for day in column(shop["shop.customers"], "date_of_birth") if isinstance(day, date)]
    assert date(1945, 1, 1) <= min(born) <= max(born) < date(2007, 1, 1)
