"""The rows of the shop: one seeded generator, the same rows on every machine.

Beside what must be masked lies what only looks like it: SKUs shaped as social security numbers, parcel numbers
that pass Luhn, build ids as long as phone numbers, versions with four parts, hashes, configured hosts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from server.demo.numbers import (
    card_number,
    digits,
    grouped,
    hexadecimal,
    iban_of,
    phone_number,
    sku,
    ssn,
    tracking_number,
)
from server.demo.pools import CURRENCIES, Person, Pool, build_pools, draw_person
from server.demo.prose import SUBJECTS, api_key, order_note, ticket_body

SEED = 20261101
GENERATOR_VERSION = 2  # raised with every change of the rows: an older demo database is then made anew
TODAY = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

CUSTOMERS, EMPLOYEES, PRODUCTS, ORDERS, TICKETS, LEGACY = 6000, 240, 600, 12000, 3000, 800
DEPLOYMENTS, PARTNERS = 400, 40
WAREHOUSES = ("AMS-1", "BER-2", "LYS-1", "MAD-1", "NRT-3", "ORD-2", "WAW-1", "GRU-1")

TIERS = ("none", "bronze", "silver", "gold")
STATUSES = ("processing", "packed", "shipped", "delivered", "returned", "cancelled")
CATEGORIES = ("jackets", "boots", "tents", "stoves", "lamps", "packs", "compasses", "radios")
NOUNS = dict(zip(CATEGORIES, ("jacket", "boot", "tent", "stove", "lamp", "pack", "compass", "radio"), strict=True))
ADJECTIVES = ("Alpine", "Coastal", "Summit", "Meadow", "Polar", "Desert", "Harbour", "Forest", "Granite", "Cedar")
SERVICES = ("checkout", "catalogue", "search", "mailer", "stock", "returns", "pricing")
JOBS = ("Warehouse associate", "Buyer", "Support agent", "Software engineer", "Team lead", "Accountant", "Driver")
DEBIT_COUNTRIES = {"DE", "ES", "PL"}  # of these countries an IBAN is drawn; the others pay by card

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for one COPY, in the order of `columns`."""

    schema: str
    name: str
    columns: tuple[str, ...]
    rows: list[Row]


def generate(seed: int = SEED, *, scale: float = 1.0) -> list[Table]:
    """Every table, in an order that foreign keys allow. `scale` shrinks the number of rows, for tests."""
    return Generator(seed, scale).tables()


class Generator:
    """Draws table after table; each has a random stream of its own, so that one can change without the others."""

    def __init__(self, seed: int, scale: float) -> None:
        self._seed = seed
        self._scale = scale
        self._pools = build_pools(seed)
        rng = self._stream("people")
        self._customers = [draw_person(rng, self._pools, number) for number in range(1, self._count(CUSTOMERS) + 1)]
        self._prices = [Decimal(rng.randrange(490, 49900)) / 100 for _ in range(self._count(PRODUCTS))]
        self._items: list[Row] = []
        self._orders: list[Row] = []

    def tables(self) -> list[Table]:
        self._draw_orders()
        parts: list[tuple[str, str, Callable[[Random], Iterable[Row]]]] = [
            (
                "shop.customers",
                "id full_name email phone date_of_birth country loyalty_tier created_at preferences",
                self._customer_rows,
            ),
            ("shop.addresses", "id customer_id kind street city postcode country", self._address_rows),
            ("shop.products", "id sku name category price", self._product_rows),
            ("shop.orders", "id customer_id status total placed_at tracking_no notes", lambda _: self._orders),
            ("shop.order_items", "order_id line product_id quantity price", lambda _: self._items),
            (
                "shop.payments",
                "id order_id card_number card_holder iban amount currency status paid_at",
                self._payment_rows,
            ),
            ("shop.payments_legacy", "ref pan cvv expiry holder", self._legacy_rows),
            (
                "shop.inventory",
                "warehouse product_id quantity build_id firmware_version counted_at",
                self._inventory_rows,
            ),
            ("shop.support_tickets", "id customer_id subject body status opened_at", self._ticket_rows),
            ("shop.deployments", "id service version build_id git_sha bind_host deployed_at", self._deployment_rows),
            ("shop.api_keys", "id partner secret created_at", self._key_rows),
            (
                "hr.employees",
                "id full_name email phone ssn date_of_birth job_title salary bank_account manager_id hired_on",
                self._employee_rows,
            ),
        ]
        return [self._table(name, columns, draw) for name, columns, draw in parts]

    def _table(self, name: str, columns: str, draw: Callable[[Random], Iterable[Row]]) -> Table:
        schema, _, table = name.partition(".")
        return Table(schema, table, tuple(columns.split()), list(draw(self._stream(name))))

    def _stream(self, name: str) -> Random:
        return Random(f"{self._seed}:{name}")

    def _count(self, full: int) -> int:
        return max(10, round(full * self._scale))

    def _customer_rows(self, rng: Random) -> Iterable[Row]:
        for number, person in enumerate(self._customers, 1):
            yield (
                number,
                person.full_name,
                person.email,
                phone_number(rng, person.pool.locale),
                _birthday(rng),
                person.pool.country,
                rng.choices(TIERS, (55, 25, 14, 6))[0],
                _moment(rng, days=2000),
                _preferences(rng, person),
            )

    def _address_rows(self, rng: Random) -> Iterable[Row]:
        number = 0
        for customer, person in enumerate(self._customers, 1):
            for kind in ("delivery", "billing")[: rng.choices((1, 2), (3, 1))[0]]:
                number += 1
                place = rng.choice(person.pool.places)
                yield (number, customer, kind, place.street, place.city, place.postcode, person.pool.country)

    def _product_rows(self, rng: Random) -> Iterable[Row]:
        seen: set[str] = set()
        for number, price in enumerate(self._prices, 1):
            code = sku(rng)
            while code in seen:
                code = sku(rng)
            seen.add(code)
            category = rng.choice(CATEGORIES)
            yield (
                number,
                code,
                f"{rng.choice(ADJECTIVES)} {NOUNS[category]} {rng.randrange(100, 999)}",
                category,
                price,
            )

    def _draw_orders(self) -> None:
        rng = self._stream("orders")
        for number in range(1, self._count(ORDERS) + 1):
            customer = rng.randrange(len(self._customers)) + 1
            total = self._draw_items(rng, number)
            status = rng.choices(STATUSES, (8, 6, 16, 60, 6, 4))[0]
            sent = status in ("shipped", "delivered", "returned")
            note = order_note(rng, self._customers[customer - 1], rng.choice(self._customers))
            tracking = tracking_number(rng) if sent else None
            self._orders.append((number, customer, status, total, _moment(rng, days=700), tracking, note))

    def _draw_items(self, rng: Random, order: int) -> Decimal:
        """The lines of one order; answers their sum."""
        total = Decimal(0)
        for line in range(1, rng.choices((1, 2, 3, 4), (35, 35, 20, 10))[0] + 1):
            product = rng.randrange(len(self._prices)) + 1
            quantity = rng.choices((1, 2, 3), (80, 15, 5))[0]
            price = self._prices[product - 1]
            self._items.append((order, line, product, quantity, price))
            total += price * quantity
        return total

    def _payment_rows(self, rng: Random) -> Iterable[Row]:
        number = 0
        for order, customer, status, total, placed_at, *_ in self._orders:
            if status == "cancelled" or rng.random() < 0.1:
                continue
            number += 1
            assert isinstance(customer, int)
            person = self._customers[customer - 1]
            card, holder, account = _means_of_payment(rng, person)
            currency = CURRENCIES.get(person.pool.country, "EUR")
            state = "refunded" if status == "returned" else rng.choices(("settled", "pending", "failed"), (94, 4, 2))[0]
            yield (number, order, card, holder, account, total, currency, state, placed_at)

    def _legacy_rows(self, rng: Random) -> Iterable[Row]:
        for number in range(self._count(LEGACY)):
            holder = rng.choice(self._customers).full_name
            expiry = f"{rng.randrange(1, 13):02d}/{rng.randrange(27, 32)}"
            yield (f"L{number:06d}", card_number(rng), digits(rng, 3), expiry, holder)

    def _inventory_rows(self, rng: Random) -> Iterable[Row]:
        for warehouse in WAREHOUSES:
            for product in range(1, len(self._prices) + 1):
                version = ".".join(str(rng.randrange(limit)) for limit in (10, 20, 100, 256))
                build = str(rng.randrange(10**9, 10**10))
                yield (warehouse, product, rng.randrange(0, 400), build, version, _moment(rng, days=30))

    def _ticket_rows(self, rng: Random) -> Iterable[Row]:
        for number in range(1, self._count(TICKETS) + 1):
            customer = rng.randrange(len(self._customers)) + 1
            order = rng.randrange(len(self._orders)) + 1
            body = ticket_body(rng, self._customers[customer - 1], rng.choice(self._customers), order=order)
            state = rng.choices(("open", "waiting", "closed"), (15, 10, 75))[0]
            yield (number, customer, rng.choice(SUBJECTS), body, state, _moment(rng, days=400))

    def _deployment_rows(self, rng: Random) -> Iterable[Row]:
        for number in range(1, self._count(DEPLOYMENTS) + 1):
            version = f"{rng.randrange(1, 9)}.{rng.randrange(30)}.{rng.randrange(20)}"
            host = f"10.20.{rng.randrange(4)}.{rng.randrange(2, 250)}"
            build = rng.randrange(10**9, 10**10)
            moment = _moment(rng, days=365)
            yield (number, rng.choice(SERVICES), version, build, hexadecimal(rng, 40), host, moment)

    def _key_rows(self, rng: Random) -> Iterable[Row]:
        for number in range(1, PARTNERS + 1):
            partner = f"{rng.choice(ADJECTIVES)} {rng.choice(('Logistics', 'Payments', 'Media', 'Analytics'))}"
            yield (number, partner, api_key(rng), _moment(rng, days=900))

    def _employee_rows(self, rng: Random) -> Iterable[Row]:
        for number in range(1, self._count(EMPLOYEES) + 1):
            person = draw_person(rng, self._pools, number)
            local = person.email.partition("@")[0]
            manager = None if number == 1 else rng.randrange(1, min(number, 20))
            salary = Decimal(rng.randrange(28000, 190000))
            account = iban_of(rng, rng.choice(("DE", "AT", "DK", "PT")))
            hired = _moment(rng, days=3000).date()
            phone = phone_number(rng, person.pool.locale)
            job = rng.choice(JOBS)
            yield (
                number,
                person.full_name,
                f"{local}@staff.example",
                phone,
                ssn(rng),
                _birthday(rng),
                job,
                salary,
                account,
                manager,
                hired,
            )


def _birthday(rng: Random) -> date:
    return date(1945, 1, 1) + timedelta(days=rng.randrange(22500))


def _moment(rng: Random, *, days: int) -> datetime:
    """A second within the `days` before TODAY."""
    return TODAY - timedelta(seconds=rng.randrange(days * 86400))


def _preferences(rng: Random, person: Person) -> str:
    language = person.pool.locale[:2]
    wishes = sorted(rng.sample(CATEGORIES, rng.randrange(0, 3)))
    return json.dumps({"language": language, "newsletter": rng.random() < 0.4, "categories": wishes})


def _means_of_payment(rng: Random, person: Person) -> tuple[str | None, str | None, str | None]:
    """Card number, its holder, IBAN: a card, or a direct debit where that is common."""
    pool: Pool = person.pool
    if pool.country in DEBIT_COUNTRIES and rng.random() < 0.4:
        return None, None, iban_of(rng, pool.country)
    number = card_number(rng)
    return (grouped(number) if rng.random() < 0.2 else number), person.full_name, None
