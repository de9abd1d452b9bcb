"""How values are written that are nobody's: counters, parcels, hosts, firms, goods, times, prose, logs."""

from __future__ import annotations

import random

from catalog.columns.training.pools import Pool
from catalog.columns.training.sensitive import (
    Draw,
    Kind,
    email,
    one_of,
)
from catalog.columns.training.terms import LISTS
from catalog.columns.training.writing import fill, luhn


def after(prefix: str, body: str) -> Kind:
    """Numbers with a right check digit that are no cards: parcels, IMEI, SIM."""
    return lambda rng, _pool: lambda: luhn(fill(rng, prefix + body))


def counter(rng: random.Random, _pool: Pool) -> Draw:
    at = [rng.choice((1, 100, 1000, 48213, 900000, 1000000000, 4000000000))]

    def draw() -> str:
        at[0] += rng.choice((1, 1, 1, 2, 7))
        return str(at[0])

    return draw


def number(low: float, high: float, decimals: int = 0) -> Kind:
    return lambda rng, _pool: lambda: f"{rng.uniform(low, high):.{decimals}f}"


def between(*ranges: tuple[float, float, int]) -> Kind:
    return one_of(*(number(*found) for found in ranges))


def config_address(rng: random.Random, _pool: Pool) -> Draw:
    net = rng.choice(
        (
            "10.{a}.{b}.{c}",
            "192.168.{b}.{c}",
            "172.16.{b}.{c}",
            "0.0.0.0",
            "127.0.0.1",
            "10.{a}.0.0/16",
            "192.168.{b}.0/24",
            "255.255.255.0",
            "{a}.{b}.{c}.{d}",
        )
    )
    return lambda: net.format(
        a=rng.randint(1, 223), b=rng.randint(0, 255), c=rng.randint(0, 255), d=rng.randint(1, 254)
    )


def version(rng: random.Random, _pool: Pool) -> Draw:
    parts, before = rng.choice((2, 3, 4, 4, 4)), rng.choice(("", "", "v"))
    return lambda: before + ".".join(str(rng.randint(0, rng.choice((3, 20, 99)))) for _ in range(parts))


def host(rng: random.Random, pool: Pool) -> Draw:
    style = rng.randrange(4)

    def draw() -> str:
        city = "".join(char for char in rng.choice(pool.cities).lower() if char.isalpha()) or "oslo"
        return (
            f"{city}-{rng.randint(1, 40):02}",
            f"web{rng.randint(1, 99)}.{city}.example.net",
            city,
            f"db-{city[:3]}-{rng.randint(1, 9)}",
        )[style]

    return draw


def code_name(rng: random.Random, pool: Pool) -> Draw:
    """Given names and towns as the names of machines, releases, storms."""
    source = rng.choice((pool.given, pool.cities, pool.family))
    low = rng.random() < 0.5
    return lambda: rng.choice(source).lower() if low else rng.choice(source)


def branded(rng: random.Random, pool: Pool) -> Draw:
    """Surnames as firms, carriers, suppliers, brands."""
    endings = rng.choice(
        (
            ("GmbH", "AG"),
            ("Ltd", "Inc", "LLC"),
            ("& Sons", "Bros."),
            ("S.A.", "SARL"),
            ("Logistics", "Express", "Freight", "Cargo"),
            ("Foods", "Tools", "Motors", "Labs", "Design"),
            ("",),
            ("Bank", "Capital", "Insurance"),
            ("Spedition", "Versand", "Transport"),
            ("Clinic", "Hospital", "School"),
        )
    )
    return lambda: f"{rng.choice(pool.family)} {rng.choice(endings)}".strip()


THINGS = LISTS["things"]
TRAITS = LISTS["traits"]


def product(rng: random.Random, pool: Pool) -> Draw:
    brand, counted, style = rng.random() < 0.3, rng.random() < 0.25, rng.randrange(4)

    def draw() -> str:
        word, other = rng.choice(pool.words).title(), rng.choice(pool.words)
        made = (
            f"{rng.choice(TRAITS)} {rng.choice(THINGS)}",
            rng.choice(pool.slogans),
            f"{word} {other.title()}",
            f"{word} {rng.choice(THINGS)}",
        )
        before = f"{rng.choice(pool.family)} " if brand else ""
        return f"{before}{made[style]}{f' {rng.randint(2, 900)}' if counted else ''}"

    return draw


GROUNDS = LISTS["grounds"]


def numbered(rng: random.Random, pool: Pool) -> Draw:
    word = rng.choice((*pool.words, "value", "item", "level", "type", "test", "node", "group", "class", "step"))
    word = rng.choice((str.lower, str.title))(word)
    return lambda: f"{word} {rng.randint(1, 99)}"


def venue(rng: random.Random, pool: Pool) -> Draw:
    grounds = rng.sample(GROUNDS, 5)
    source = rng.choice((pool.cities, pool.cities, pool.family))
    before = rng.random() < 0.2
    return lambda: (
        f"{rng.choice(grounds)} {rng.choice(source)}" if before else f"{rng.choice(source)} {rng.choice(grounds)}"
    )


def time(rng: random.Random, _pool: Pool) -> Draw:
    low = rng.choice((1995, 2015, 2020, 2024))
    writing = rng.choice(
        (
            "{y}-{m:02}-{d:02} {h:02}:{i:02}:{s:02}",
            "{y}-{m:02}-{d:02}T{h:02}:{i:02}:{s:02}Z",
            "{y}-{m:02}-{d:02} {h:02}:{i:02}:{s:02}.{f:06}+00",
            "{d:02}.{m:02}.{y} {h:02}:{i:02}",
            "{m}/{d}/{y} {h}:{i:02}",
        )
    )
    return lambda: writing.format(
        y=rng.randint(low, 2026),
        m=rng.randint(1, 12),
        d=rng.randint(1, 28),
        h=rng.randint(0, 23),
        i=rng.randint(0, 59),
        s=rng.randint(0, 59),
        f=rng.randrange(10**6),
    )


def path(rng: random.Random, pool: Pool) -> Draw:
    style = rng.choice(
        (
            "/var/data/{a}/{b}.csv",
            "https://cdn.example.com/{a}/{b}.png",
            "s3://bucket/{a}/{b}.parquet",
            "{a}_{b}.pdf",
            "git@git.example.com:{a}/{b}.git",
            "{a}.{b}.handler",
            "@{a}/{b}",
            "/api/v1/{a}/{b}",
            "https://www.{a}.com/{b}",
        )
    )
    return lambda: style.format(a=fill(rng, "aaaaa"), b=fill(rng, rng.choice(("aaaaaaa", "####", "aaa-aaaa"))))


def prose(rng: random.Random, pool: Pool) -> Draw:
    layouts = rng.choice(
        (
            ("Called {f} about the invoice, call back on {t}.", "{s}", "{s} {s}"),
            ("{s} {s}", "Spoke with {f}. {s}"),
            ("Please send it to {e}. {s}", "{s}", "Customer {f} was not at home, neighbour took the parcel."),
            ("Hallo {g}, {s} Gruß, {f}", "{s}"),
            ("Patient reports pain since last week. {s}", "Dr. {f} recommends rest and fluids."),
            ("{s}", "{s} {s} {s}"),
        )
    )
    mail = email(rng, pool)
    return lambda: rng.choice(layouts).format(
        f=f"{rng.choice(pool.given)} {rng.choice(pool.family)}",
        g=rng.choice(pool.given),
        t=rng.choice(pool.phones),
        e=mail(),
        s=rng.choice(pool.sentences),
    )


def log(rng: random.Random, pool: Pool) -> Draw:
    lines = rng.choice(
        (
            ("connection refused on port {n}", "timeout after {n} ms", "retry {n} of 5 failed"),
            ("GET /health {n}", "POST /orders {n}"),
            (
                "Solid {t} with a {u} finish, made to last.",
                "A {u} {t} for every room in the house.",
                "Our best {t}, now even more {u}.",
            ),
            ("disk {n} is full", "job {n} finished in {n} s"),
        )
    )
    return lambda: rng.choice(lines).format(
        n=rng.randint(1, 9999), t=rng.choice(THINGS).lower(), u=rng.choice(TRAITS).lower()
    )


def few(*groups: str) -> Kind:
    """One short list of words over and over: states, types, categories."""
    return lambda rng, _pool: (lambda chosen: lambda: rng.choice(chosen))(rng.choice(groups).split("|"))


STATES = tuple(group.replace("/", "|") for group in LISTS["states"])
SOFT = tuple(group.replace("/", "|") for group in LISTS["soft"])

HEXES = LISTS["hexes"]


def login(rng: random.Random, pool: Pool) -> Draw:
    def draw() -> str:
        given = "".join(char for char in rng.choice(pool.given).lower() if char.isalnum())
        return f"{given}{rng.choice(('', '_', '.'))}{rng.randint(1, 999)}"

    return draw
