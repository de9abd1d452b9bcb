"""Invented values that are nobody's: half of them look like something sensitive."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

from faker import Faker

from tests.evaluation.people import HEX, UPPER, WORDY, Maker, chars, digits, luhn_sixteen, parcel, pick, ssn


def _firm(fake: Faker, rng: random.Random) -> str:
    ending = rng.choice(("Oy", "A/S", "Kft.", "s.r.o.", "Pty", "Holding", "Haulage", "Couriers", "& Co"))
    return rng.choice((fake.company(), f"{fake.last_name()} {ending}"))


def _surname_firm(fake: Faker, rng: random.Random) -> str:
    return (
        f"{fake.last_name()} {rng.choice(('Freightlines', 'Oil', 'Paper', 'Dairy', 'Shipping', 'Parts', 'Brothers'))}"
    )


def _town_host(fake: Faker, rng: random.Random) -> str:
    town = "".join(char for char in fake.city().lower() if char.isascii() and char.isalpha()) or "turku"
    return f"{rng.choice(('app', 'edge', 'cache'))}-{town}-{rng.randint(1, 20)}"


def _version(_fake: Faker, rng: random.Random) -> str:
    return ".".join(str(rng.randint(0, 40)) for _ in range(4))


def _config_ip(_fake: Faker, rng: random.Random) -> str:
    return rng.choice(
        (
            f"10.{rng.randint(0, 255)}.{rng.randint(0, 255)}.1",
            f"192.168.{rng.randint(0, 255)}.{rng.randint(1, 254)}",
            "0.0.0.0",
        )
    )


def _when(_fake: Faker, rng: random.Random) -> str:
    return str(datetime(2019, 1, 1) + timedelta(seconds=rng.randrange(6 * 365 * 86_400)))


def _day(_fake: Faker, rng: random.Random) -> str:
    return str(date(2018, 1, 1) + timedelta(days=rng.randrange(3_650)))


_GOODS = (
    "Spanner",
    "Curtain",
    "Oat Flakes",
    "Hiking Pole",
    "Desk Fan",
    "Ink Cartridge",
    "Garden Hose",
    "Tea Pot",
    "Wall Clock",
    "Rain Coat",
    "Bike Pump",
    "Rubber Boots",
)


def _goods(fake: Faker, rng: random.Random) -> str:
    return f"{rng.choice(('Northern', 'Everyday', 'Heavy Duty', 'Vivid', 'Basic'))} {rng.choice(_GOODS)}"


def _sentence(_fake: Faker, rng: random.Random) -> str:
    return rng.choice(
        (
            "worker lost its lease",
            "cache miss ratio above limit",
            "Waterproof, washable at thirty degrees.",
            "queue drained",
            "Ships flat, tools included.",
            "schema migrated",
        )
    )


CLEAN: Mapping[str, tuple[Maker, ...]] = MappingProxyType(
    {
        "rowid": (lambda _f, r: str(r.randint(1, 99999)), digits(6)),
        "uuid": (lambda f, _r: str(f.uuid4()),),
        "build": (digits(10), lambda _f, r: "20" + chars(r, 8), digits(9)),
        "order": (digits(10), lambda _f, r: "B" + chars(r, 9), lambda _f, r: f"{chars(r, 4)}/{chars(r, 4)}", digits(8)),
        "parcel": (parcel, luhn_sixteen, digits(14)),
        "sku": (
            ssn,
            lambda _f, r: r.choice("EFGJ") + chars(r, 2) + "." + chars(r, 1),
            lambda _f, r: "C" + chars(r, 8),
            lambda f, _r: f.ean13(),
        ),
        "hash": (lambda _f, r: chars(r, 40, HEX), lambda _f, r: chars(r, 64, HEX), lambda _f, r: chars(r, 32, HEX)),
        "token_id": (lambda _f, r: chars(r, 21, WORDY), lambda _f, r: chars(r, 26, UPPER + "0123456789")),
        "version": (_version,),
        "conf_ip": (_config_ip,),
        "host": (_town_host,),
        "firm": (_firm, _surname_firm),
        "goods": (_goods,),
        "place": (lambda f, r: f"{f.city()} {r.choice(('Arcade', 'West', 'Terminal', 'Yard'))}",),
        "lat": (lambda f, _r: str(f.latitude()),),
        "lon": (lambda f, _r: str(f.longitude()),),
        "measure": (lambda _f, r: f"{r.gauss(20, 9):.2f}", lambda _f, r: f"{r.random():.4f}"),
        "when": (_when,),
        "day": (_day,),
        "money": (lambda _f, r: f"{r.expovariate(0.01):.2f}",),
        "count": (lambda _f, r: str(r.randint(0, 500)), lambda _f, r: str(r.randint(100, 999))),
        "code": (lambda _f, r: str(r.randint(100, 599)), digits(4), digits(5)),
        "state": (
            pick("queued", "running", "done"),
            pick("gold", "silver"),
            pick("EMEA", "APAC", "LATAM"),
            pick("PostNord", "Itella", "Bring"),
        ),
        "flag": (pick("true", "false"), pick("0", "1")),
        "url": (lambda f, _r: f.uri(), lambda f, _r: f.file_path()),
        "line": (_sentence,),
    }
)
"""Kind → the writings of values; a column keeps to one."""
