"""Values of the sensitive kinds: each kind draws one writing for a column, then values in that writing."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from catalog.columns.training.pools import Pool
from catalog.columns.training.terms import LISTS
from catalog.columns.training.writing import fill, luhn

Draw = Callable[[], str]
Kind = Callable[[random.Random, Pool], Draw]


def patterns(listed: str | Sequence[str]) -> Kind:
    """A kind whose columns keep to one of some patterns, `|` between them."""
    choices = listed.split("|") if isinstance(listed, str) else listed

    def kind(rng: random.Random, _pool: Pool) -> Draw:
        chosen = rng.choice(choices)
        return lambda: fill(rng, chosen)

    return kind


def one_of(*kinds: Kind) -> Kind:
    return lambda rng, pool: rng.choice(kinds)(rng, pool)


def words(listed: str | Sequence[str]) -> Kind:
    choices = listed.split("|") if isinstance(listed, str) else listed
    return lambda rng, _pool: lambda: rng.choice(choices)


def pooled(name: str) -> Kind:
    def kind(rng: random.Random, pool: Pool) -> Draw:
        values: tuple[str, ...] = getattr(pool, name)
        case = rng.choices((str, str.upper, str.lower), (12, 2, 1))[0]
        return lambda: case(rng.choice(values))

    return kind


def _combined(rng: random.Random, pool: Pool) -> Draw:
    layout = rng.choice(
        ("{g} {f}", "{g} {f}", "{f}, {g}", "{f} {g}", "{g} {g2} {f}", "{i}. {f}", "Dr. {g} {f}", "{g} {f} {f2}")
    )
    upper = rng.random() < 0.15

    def draw() -> str:
        given, family = rng.choice(pool.given), rng.choice(pool.family)
        text = layout.format(g=given, f=family, g2=rng.choice(pool.given), f2=rng.choice(pool.family), i=given[:1])
        return text.upper() if upper else text

    return draw


def _ascii(text: str) -> str:
    return "".join(char for char in text.lower() if "a" <= char <= "z") or "kim"


def email(rng: random.Random, pool: Pool) -> Draw:
    style = rng.randrange(4)
    domains = [
        fill(rng, rng.choice(("aaaaaa", "aaaa", "aaaaaaaaa")))
        + rng.choice((".com", ".org", ".de", ".net", ".io", ".co.uk"))
        for _ in range(rng.randint(1, 8))
    ]

    def draw() -> str:
        given, family = _ascii(rng.choice(pool.given)), _ascii(rng.choice(pool.family))
        local = (f"{given}.{family}", f"{given[0]}{family}", f"{given}{rng.randint(1, 99)}", f"{family}_{given[0]}")[
            style
        ]
        return f"{local}@{rng.choice(domains)}"

    return draw


def _phone(rng: random.Random, pool: Pool) -> Draw:
    if rng.random() < 0.5:
        return lambda: rng.choice(pool.phones)
    own = LISTS["phones"]
    return patterns(own)(rng, pool)


def _dates(low: int, high: int, writings: tuple[str, ...]) -> Kind:
    def kind(rng: random.Random, _pool: Pool) -> Draw:
        writing = rng.choice(writings)

        def draw() -> str:
            year, month, day = rng.randint(low, high), rng.randint(1, 12), rng.randint(1, 28)
            name = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[month - 1]
            return writing.format(y=year, m=f"{month:02}", d=f"{day:02}", s=f"{year % 100:02}", n=name)

        return draw

    return kind


DATE_WRITINGS = LISTS["date writings"]
dates = _dates


def card(rng: random.Random, _pool: Pool) -> Draw:
    brands = rng.choice(
        (
            (("4", 16), ("51", 16), ("55", 16)),
            (("4", 16),),
            (("37", 15), ("34", 15)),
            (("4", 16), ("52", 16), ("6011", 16), ("37", 15), ("3530", 16), ("36", 14)),
            (("2300", 16), ("53", 16)),
        )
    )
    sep = rng.choice(("", "", "", " ", "-"))

    def draw() -> str:
        prefix, length = rng.choice(brands)
        number = luhn(prefix + fill(rng, "#" * (length - 1 - len(prefix))))
        return sep.join(number[at : at + 4] for at in range(0, length, 4)) if sep else number

    return draw


def iban(rng: random.Random, _pool: Pool) -> Draw:
    shapes = LISTS["account shapes"]
    chosen = [rng.choice(shapes) for _ in range(rng.choice((1, 1, 3)))]
    grouped = rng.random() < 0.35

    def draw() -> str:
        country, _, body = rng.choice(chosen).partition(":")
        account = fill(rng, body)
        digits = "".join(str(int(char, 36)) for char in f"{account}{country}00")
        whole = f"{country}{98 - int(digits) % 97:02}{account}"
        return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4)) if grouped else whole

    return draw


def ssn(rng: random.Random, _pool: Pool) -> Draw:
    sep = rng.choice(("-", "-", "-", "", " "))

    def draw() -> str:
        area = rng.choice((rng.randint(1, 665), rng.randint(667, 899)))
        return f"{area:03}{sep}{rng.randint(1, 99):02}{sep}{rng.randint(1, 9999):04}"

    return draw


def ip(rng: random.Random, _pool: Pool) -> Draw:
    style = rng.choices((4, 6, 46, 10), (7, 2, 1, 1))[0]

    def draw() -> str:
        if style == 6 or (style == 46 and rng.random() < 0.4):
            return rng.choice(("2001:db8:", "2a02:8108:", "fe80::", "2600:1700:")) + ":".join(
                fill(rng, "XXXX") for _ in range(4)
            ).replace(":0", ":")
        first = 10 if style == 10 else rng.choice((rng.randint(11, 126), rng.randint(128, 223)))
        return f"{first}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"

    return draw


def coordinate(rng: random.Random, _pool: Pool) -> Draw:
    decimals, limit = rng.choice((3, 4, 5, 6, 6, 7, 8)), rng.choice((90.0, 180.0))
    centre, width = rng.uniform(-limit, limit) * 0.8, rng.choice((0.5, 5.0, limit))
    return lambda: f"{max(-limit, min(limit, centre + rng.uniform(-width, width))):.{decimals}f}"


def _point(rng: random.Random, pool: Pool) -> Draw:
    one = coordinate(rng, pool)
    layout = rng.choice(("{a},{b}", "({a},{b})", "{a}, {b}", "POINT({a} {b})"))
    return lambda: layout.format(a=one(), b=one())


_HASHES = LISTS["hashes"]


def _plain_password(rng: random.Random, pool: Pool) -> Draw:
    return lambda: rng.choice(
        (
            fill(rng, "Aaaaaa##!"),
            rng.choice(pool.given) + fill(rng, "##"),
            fill(rng, "*{10}"),
            fill(rng, "*{8}") + rng.choice("!?$%"),
            rng.choice(pool.cities).lower() + "123",
            fill(rng, "*{14}") + "&",
        )
    )


_KEYS = LISTS["keys"]


def _encoded(text: str) -> str:
    return b64encode(text.encode()).decode().rstrip("=")


def _web_token(rng: random.Random, _pool: Pool) -> Draw:
    head = _encoded('{"alg":"HS256","typ":"JWT"}')
    return lambda: f"{head}.{_encoded(fill(rng, '#{10}a{8}'))}.{fill(rng, '*{43}')}"


def _locked_url(rng: random.Random, _pool: Pool) -> Draw:
    scheme = rng.choice(("postgres", "mysql", "amqp", "redis", "mongodb", "https"))
    return lambda: (
        f"{scheme}://{fill(rng, 'aaaaaa')}:{fill(rng, '*{12}')}@{fill(rng, 'aaaaa')}.internal:5432/{fill(rng, 'aaaa')}"
    )


_ICD = ("A##.#", "A##", "A##.##", "A##.#A", "A##.###A")
_CONDITIONS = LISTS["conditions"]
_MEDICINES = LISTS["medicines"]

SENSITIVE: Mapping[str, tuple[str, Kind]] = MappingProxyType(
    {
        "full": ("PERSON", one_of(pooled("full"), _combined, _combined)),
        "given": ("PERSON", pooled("given")),
        "family": ("PERSON", pooled("family")),
        "role": ("PERSON", one_of(pooled("full"), _combined, _combined)),
        "email": ("EMAIL", email),
        "phone": ("PHONE", _phone),
        "street": ("ADDRESS", one_of(pooled("streets"), pooled("streets"), pooled("addresses"))),
        "house": ("ADDRESS", patterns("9|9#|9##|9#a|9#-9#|9#/9")),
        "post": (
            "POSTCODE",
            one_of(
                pooled("postcodes"),
                pooled("postcodes"),
                pooled("postcodes"),
                patterns("#####|####|A#A #A#|#### AA|AA# #AA|#####-####|##-###|######|### ##"),
            ),
        ),
        "dob": ("DOB", _dates(1930, 2012, DATE_WRITINGS)),
        "born_year": ("DOB", _dates(1930, 2010, ("{y}",))),
        "ssn": ("SSN", ssn),
        "natid": (
            "NATIONAL_ID",
            patterns(
                "#{11}|########A|&&&&&&##A##A###A|#{10}|######-####|######/####|###.###.###-##|AAAAA####A|"
                "#### #### ####|A#######A|#{18}|##.###.###-#|AA######A|######-#######|#{9}|#{13}|#{12}|### ### ###|"
                "756.####.####.##|## ### ### ###"
            ),
        ),
        "passport": (
            "PASSPORT",
            patterns("A########|#{9}|AA#######|C&&&&&&&&|A#######|##AA#####|AAA######|AA######|## #######|9########"),
        ),
        "licence": (
            "DRIVER_LICENSE",
            patterns(
                "A#######|A####-#####-#####|&&&&&######&&#&&|#{8}|AA########|A#{12}|#{9}|B&&########|##/##/######|"
                "AAA######|AA#-##-#####|#{10}|###########|AAAAA######AA9AA"
            ),
        ),
        "card": ("CREDIT_CARD", card),
        "cvv": ("CVV", patterns("###|###|####")),
        "iban": ("IBAN", iban),
        "account": (
            "BANK_ACCOUNT",
            patterns(
                "#{8}|#{9}|#{10}|#{12}|#{7}|##-##-##|#{14}|#{16}|####-#######|### ### ###|#{6}|#{11}|####.##.#####|"
                "#{18}|0#{9}|#{5}-#"
            ),
        ),
        "mrn": (
            "MRN",
            patterns(
                "MRN#{7}|#{7}|#{8}|MR-######|P#{6}|H#{8}|AA######|#{6}|PT-#{5}|###-##-##|#{10}|A#{7}|##-######|"
                "MRN-#{6}|P\\AT#{6}"
            ),
        ),
        "healthid": (
            "HEALTH_ID",
            patterns(
                "A#{9}|### ### ####|#{10}|9AA9-AA9-AA##|XYZ#{9}|AAA#{9}|W#{8}|#{12}|#{9}A|H#{10}|AAAA #### #### ##|"
                "#{4}-#{6}|#{3}-#{3}-#{3}|9A&9A&9AA99|#{11}|MBR#{7}"
            ),
        ),
        "dx": ("DIAGNOSIS", one_of(patterns(_ICD), patterns(_ICD), words(_CONDITIONS))),
        "dxtext": ("DIAGNOSIS", one_of(words(_CONDITIONS), words(_MEDICINES))),
        "blood": ("DIAGNOSIS", words("A+|A-|B+|B-|AB+|AB-|0+|O+|O-")),
        "ip": ("IP", ip),
        "coord": ("GEO", coordinate),
        "point": ("GEO", _point),
        "password": ("PASSWORD", one_of(patterns(_HASHES), patterns(_HASHES), _plain_password)),
        "pin": ("PASSWORD", patterns("####|######|#### ####")),
        "secret": ("SECRET", one_of(patterns(_KEYS), patterns(_KEYS), patterns(_KEYS), _web_token, _locked_url)),
    }
)
"""Kind → label and values."""
