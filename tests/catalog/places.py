"""Short ways to write locators and small catalogs."""

from __future__ import annotations

from collections.abc import Mapping

from catalog.labels import Labels
from catalog.model import Label, Locator


def column(dotted: str) -> Locator:
    """`public.customers.email`; missing parts in front are empty."""
    parts = dotted.split(".")
    return Locator("column", (*[""] * (3 - len(parts)), *parts))


def table(dotted: str) -> Locator:
    parts = dotted.split(".")
    return Locator("table", (*[""] * (2 - len(parts)), *parts))


def labels(known: Mapping[str, Label | None]) -> Labels:
    return Labels.build((column(dotted), label) for dotted, label in known.items())


SHOP: Mapping[str, Label | None] = {
    "public.customers.id": None,
    "public.customers.email": Label.EMAIL,
    "public.customers.phone": Label.PHONE,
    "public.customers.country": None,
    "public.orders.id": None,
    "public.orders.status": None,
    "crm.contacts.email": Label.EMAIL,
    "old.orders.id": None,
    "old.orders.card": Label.CREDIT_CARD,
}
