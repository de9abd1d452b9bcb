"""Values in the tongues of eight locales, drawn from Faker once and combined many times: Faker is slow."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import partial
from random import Random

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "pt_BR", "ja_JP", "pl_PL")
WEIGHTS = (30, 10, 18, 12, 10, 8, 6, 6)
COUNTRIES = dict(zip(LOCALES, ("US", "GB", "DE", "FR", "ES", "BR", "JP", "PL"), strict=True))
CURRENCIES = {"US": "USD", "GB": "GBP", "JP": "USD", "BR": "BRL", "PL": "PLN"}
# Reserved for documentation (RFC 2606, RFC 6761): mail sent here reaches nobody.
MAIL_DOMAINS = ("example.com", "example.org", "example.net", "mail.example", "post.example", "inbox.example")

FIRST_NAMES, LAST_NAMES, PLACES = 150, 250, 160


@dataclass(frozen=True, slots=True)
class Place:
    """One postal address without its house's people."""

    street: str
    city: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Pool:
    """What one locale has to offer. `romanized` spells the names in Latin letters, name by name, for addresses."""

    locale: str
    country: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    romanized: dict[str, str]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Person:
    full_name: str
    email: str
    pool: Pool


def build_pool(locale: str, seed: int) -> Pool:
    from faker import Faker  # half a second to import, and only the first run needs it

    fake = Faker(locale, use_weighting=False)
    fake.seed_instance(f"{seed}:{locale}")
    romanized: dict[str, str] = {}
    if locale == "ja_JP":
        first = _pairs(fake.first_name_pair, FIRST_NAMES, romanized)
        last = _pairs(fake.last_name_pair, LAST_NAMES, romanized)
    else:
        first = tuple(fake.first_name() for _ in range(FIRST_NAMES))
        last = tuple(fake.last_name() for _ in range(LAST_NAMES))
    places = tuple(Place(fake.street_address().strip(), fake.city(), fake.postcode()) for _ in range(PLACES))
    return Pool(locale, COUNTRIES[locale], first, last, romanized, places)


def _pairs(draw: object, count: int, romanized: dict[str, str]) -> tuple[str, ...]:
    """Japanese names come as (kanji, kana, romanized)."""
    assert callable(draw)
    names = []
    for _ in range(count):
        kanji, _kana, latin = draw()
        romanized[kanji] = latin
        names.append(kanji)
    return tuple(names)


def build_pools(seed: int) -> dict[str, Pool]:
    return {locale: build_pool(locale, seed) for locale in LOCALES}


def draw_person(rng: Random, pools: dict[str, Pool], number: int) -> Person:
    """`number` keeps mail addresses apart."""
    pool = pools[rng.choices(LOCALES, WEIGHTS)[0]]
    first, last = rng.choice(pool.first_names), rng.choice(pool.last_names)
    full_name = f"{last} {first}" if pool.locale == "ja_JP" else f"{first} {last}"
    latin = partial(_latin, pool)
    local = rng.choice(
        (f"{latin(first)}.{latin(last)}", f"{latin(first)[:1]}{latin(last)}", f"{latin(last)}_{latin(first)}")
    )
    return Person(full_name, f"{local}{number}@{rng.choice(MAIL_DOMAINS)}", pool)


def _latin(pool: Pool, name: str) -> str:
    """`name` in ASCII letters, as people put it into a mail address."""
    spelled = pool.romanized.get(name, name).replace("ß", "ss").replace("ł", "l").replace("Ł", "L").replace("ø", "o")
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())
