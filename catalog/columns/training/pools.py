"""Names, places and firms of the locales that the net is trained on; drawn once, so that tables are made quickly.

`tests/evaluation` uses other locales, other words and other schemas.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

LOCALES = (
    *(
        "en_US",
        "en_US",
        "en_CA",
        "en_IN",
        "de_DE",
        "de_CH",
        "fr_FR",
        "fr_BE",
        "es_ES",
        "es_MX",
        "it_IT",
        "pt_BR",
        "nl_NL",
    ),
    *(
        "pl_PL",
        "sv_SE",
        "cs_CZ",
        "tr_TR",
        "ru_RU",
        "uk_UA",
        "ja_JP",
        "zh_CN",
        "ko_KR",
        "ar_AA",
        "hi_IN",
        "lt_LT",
        "ne_NP",
    ),
)
SIZE = 260


@dataclass(frozen=True, slots=True)
class Pool:
    """Words of one locale. `phones` are in its national and international writing."""

    locale: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    full: tuple[str, ...]
    streets: tuple[str, ...]
    addresses: tuple[str, ...]
    cities: tuple[str, ...]
    postcodes: tuple[str, ...]
    firms: tuple[str, ...]
    phones: tuple[str, ...]
    jobs: tuple[str, ...]
    countries: tuple[str, ...]
    sentences: tuple[str, ...]
    words: tuple[str, ...]
    slogans: tuple[str, ...]


def make_pools(seed: int, *, size: int = SIZE) -> tuple[Pool, ...]:
    """One pool a locale, always the same for the same seed and release of faker."""
    rng = random.Random(seed)
    return tuple(_pool(locale, rng.randrange(2**31), size) for locale in LOCALES)


def _pool(locale: str, seed: int, size: int) -> Pool:
    from faker import Faker  # of the demo's dependencies: training only

    fake, plain = Faker(locale), Faker("en_US")
    fake.seed_instance(seed)
    plain.seed_instance(seed + 1)

    def draw(name: str) -> tuple[str, ...]:
        make: Callable[[], object] = getattr(fake, name, None) or getattr(plain, name)
        return tuple(" ".join(str(make()).split("\n")) for _ in range(size))

    return Pool(
        locale,
        *(draw("first_name"), draw("last_name"), draw("name"), draw("street_address"), draw("address"), draw("city")),
        *(draw("postcode"), draw("company"), draw("phone_number"), draw("job"), draw("country"), draw("sentence")),
        *(draw("word"), draw("catch_phrase")),
    )
