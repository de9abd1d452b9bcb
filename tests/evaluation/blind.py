"""A second generator, written when the model was fixed and never used to change it: other conventions, other domains,
other languages, other writings of values. `docs/detection.md` shows its figures apart, as they came out."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from faker import Faker
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

from tests.evaluation.schemas import lines
from tests.evaluation.tables import Column, Table

SEED, ROWS = 4_711, 20
LOCALES = (
    *("en_IE", "fr_CH", "it_CH", "de_LU", "es_ES", "pt_PT", "lv_LV", "et_EE", "fa_IR", "ka_GE", "hy_AM"),
    *("az_AZ", "bn_BD", "sq_AL", "ga_IE", "mt_MT", "uk_UA", "ta_IN", "th_TH", "en_TH", "zu_ZA", "yo_NG", "en_NG"),
)
HEADS = ("c{}", "col{}", "?column?", "field{}", "coalesce", "max", "_{}", "expr_{}", "a{}", "case")
Make = Callable[[Faker, random.Random], str]
UPPER, WORDY, HEX = string.ascii_uppercase, string.ascii_letters + string.digits, string.hexdigits[:16]


def _fill(shape: str) -> Make:
    """`9` a digit, `A` a capital, `x` a hexadecimal digit, `w` a letter or digit; the rest stands for itself."""
    sets = {"9": string.digits, "A": UPPER, "x": HEX, "w": WORDY}
    return lambda _fake, rng: "".join(rng.choice(sets.get(char, char)) for char in shape)


def _of(*words: str) -> Make:
    return lambda _fake, rng: rng.choice(words)


def _born(form: str, low: int = 1940, years: int = 68) -> Make:
    return lambda _f, rng: (date(low, 1, 1) + timedelta(days=rng.randrange(years * 365))).strftime(form)


def _checked(shape: str) -> Make:
    """With a check digit after Luhn."""
    return lambda fake, rng: (lambda body: body + luhn.calc_check_digit(body))(_fill(shape)(fake, rng))


def _account(country: str, shape: str, *, grouped: bool = False) -> Make:
    def make(fake: Faker, rng: random.Random) -> str:
        body = _fill(shape)(fake, rng)
        whole = f"{country}{mod_97_10.calc_check_digits(body + country)}{body}"
        return " ".join(whole[at : at + 4] for at in range(0, len(whole), 4)) if grouped else whole

    return make


def _upper_name(fake: Faker, _rng: random.Random) -> str:
    return f"{fake.last_name()} {fake.first_name()}".upper()


def _titled(fake: Faker, rng: random.Random) -> str:
    return f"{rng.choice(('Mr', 'Ms', 'Dr', 'Prof.'))} {fake.first_name()} {fake.last_name()}"


def _mail(fake: Faker, rng: random.Random) -> str:
    return f"{rng.choice('abcdefghij')}.{_fill('w' * 7)(fake, rng).lower()}@{fake.free_email_domain()}"


def _street(fake: Faker, _rng: random.Random) -> str:
    return ", ".join(fake.street_address().split("\n"))


def _firm(fake: Faker, rng: random.Random) -> str:
    ends = ("Kommun", "Energi AB", "Realty", "Health Trust", "Interactive", "Media", "Water Board", "College")
    return f"{fake.last_name()} {rng.choice(ends)}"


def _note(fake: Faker, rng: random.Random) -> str:
    return (
        f"{fake.name()} asked us to ring back about {rng.choice(('the meter', 'a refund', 'the visit', 'the keys'))}."
    )


def _host(_fake: Faker, rng: random.Random) -> str:
    return (
        f"{rng.choice(('gw', 'n', 'pod', 'vm'))}{rng.randint(1, 999)}.{rng.choice(('core', 'edge', 'lab'))}.example.org"
    )


def _spot(low: float, high: float) -> Make:
    return lambda _f, rng: f"{rng.uniform(low, high):.6f}"


SENSITIVE: Mapping[str, tuple[str, tuple[Make, ...]]] = MappingProxyType(
    {
        "full": ("PERSON", (lambda f, _r: f.name(), _upper_name, _titled)),
        "given": ("PERSON", (lambda f, _r: f.first_name(), lambda f, _r: f.first_name().upper())),
        "family": ("PERSON", (lambda f, _r: f.last_name(),)),
        "email": ("EMAIL", (_mail, lambda f, _r: f.email())),
        "phone": ("PHONE", (lambda f, _r: f.phone_number(), _fill("+372 5999 9999"), _fill("(09)999-9999"))),
        "street": ("ADDRESS", (_street,)),
        "post": ("POSTCODE", (lambda f, _r: f.postcode(), _fill("99999"), _fill("A99 A9A9"), _fill("LV-9999"))),
        "dob": ("DOB", (_born("%Y-%m-%d"), _born("%d/%m/%Y"), _born("%Y%m%d"), _born("%d %b %Y"))),
        "ssn": ("SSN", (_fill("199-29-9991"), _fill("299 19 9992"), _fill("219919993"))),
        "natid": (
            "NATIONAL_ID",
            (_fill("39999999999"), _fill("999999-99999"), _fill("9999999AA"), _fill("99.999.999-9")),
        ),
        "passport": ("PASSPORT", (_fill("AA9999999"), _fill("99AA99999"), _fill("P9999999A"))),
        "licence": ("DRIVER_LICENSE", (_fill("AA999999"), _fill("99-999-999"), _fill("A999-9999-9999"))),
        "card": ("CREDIT_CARD", (_checked("455799999999999"), _checked("540199999999999"), _checked("37829999999999"))),
        "cvv": ("CVV", (_fill("999"), _fill("9999"))),
        "iban": (
            "IBAN",
            (_account("EE", "9" * 16), _account("LV", "AAAA" + "9" * 13), _account("BE", "9" * 12, grouped=True)),
        ),
        "account": ("BANK_ACCOUNT", (_fill("999999999"), _fill("99-99-99 99999999"), _fill("999999999999"))),
        "mrn": ("MRN", (_fill("E9999999"), _fill("9999999"), _fill("99-99-99"))),
        "healthid": ("HEALTH_ID", (_fill("999 999 9999"), _fill("A999999999"), _fill("9999999999"))),
        "dx": (
            "DIAGNOSIS",
            (_fill("J99.9"), _of("Pneumonitis", "Rosacea", "Scoliosis", "Vertigo", "Measles", "Anorexia nervosa")),
        ),
        "drug": ("DIAGNOSIS", (_of("Apixaban 5 mg", "Diclofenac", "Ritonavir", "Fluoxetine 20 mg", "Hep B vaccine"),)),
        "ip": ("IP", (lambda f, _r: f.ipv4_public(), lambda f, _r: f.ipv6())),
        "lat": ("GEO", (_spot(56, 59),)),
        "lon": ("GEO", (_spot(22, 27),)),
        "password": ("PASSWORD", (_fill("$2b$10$" + "w" * 53), _fill("x" * 40), _fill("wwwwwwwww!9"))),
        "secret": ("SECRET", (_fill("w" * 32), _fill("x" * 64), _fill("tok_" + "w" * 24), _fill("w" * 43 + "="))),
        "note": ("TEXT", (_note,)),
    }
)
"""Kind → label and writings; a column keeps to one."""
HARMLESS: Mapping[str, tuple[Make, ...]] = MappingProxyType(
    {
        "rowid": (lambda _f, r: str(r.randint(1, 90_000)), _fill("9999999")),
        "number": (_fill("99999"), _fill("10999999"), _fill("0000109999"), _fill("999999")),
        "ticket": (_fill("9999999999"), _fill("AA-99999"), _fill("2025/99999"), _fill("A9999999")),
        "serial": (_fill("AA9999999"), _fill("999-99-9999"), _fill("9999999999999"), _fill("A99.9")),
        "parcel": (_checked("4999999999999"), _fill("999-99999999"), _checked("37999999999999999")),
        "code": (_fill("999"), _fill("9999"), _fill("A9")),
        "hash": (_fill("x" * 40), _fill("x" * 64), _fill("sha1:" + "x" * 40)),
        "token": (_fill("w" * 22), _fill("01" + "A9" * 12)),
        "uuid": (lambda f, _r: f.uuid4(),),
        "mac": (_fill("xx:xx:xx:xx:xx:xx"),),
        "version": (_fill("9.9.99"), _fill("99.9.99.9")),
        "conf_ip": (_fill("10.9.99.99"), _fill("172.16.9.9"), _fill("192.168.9.99")),
        "host": (_host,),
        "firm": (_firm, lambda f, _r: f.company()),
        "goods": (_of("Night Market", "Blue Spruce", "Basic Metabolic Panel", "Collie", "Dune Ridge", "Field Guide"),),
        "place": (lambda f, r: f"{f.city()} {r.choice(('Quay', 'Annex', 'Concourse', 'Block'))}",),
        "lat": (_spot(30, 60),),
        "lon": (_spot(-100, 40),),
        "measure": (lambda _f, r: f"{r.gauss(40, 15):.1f}", lambda _f, r: f"{r.random() * 4:.2f}"),
        "when": (_born("%Y-%m-%dT%H:%M:%SZ", 2019, 6), _born("%Y-%m-%d 11:07:09", 2019, 6)),
        "day": (_born("%Y-%m-%d", 2016, 10), _born("%d.%m.%Y", 2016, 10), _born("%Y%m%d", 2016, 10)),
        "monthyear": (_fill("09/29"), _fill("2029-09")),
        "money": (lambda _f, r: f"{r.expovariate(0.005):.2f}",),
        "count": (lambda _f, r: str(r.randint(0, 120)), lambda _f, r: str(r.randint(100, 9_000))),
        "tail": (_fill("9999"),),
        "state": (_of("open", "held", "void"), _of("gold", "blue", "none"), _of("PRD", "UAT", "DEV")),
        "flag": (_of("Y", "N"), _of("true", "false")),
        "handle": (lambda f, r: f"{r.choice(('dark', 'ice', 'neo', 'red'))}{f.word()}{r.randint(1, 99)}",),
        "url": (lambda f, _r: f.uri(),),
        "line": (_of("valve replaced", "close to the park", "nightly rollup", "invoice 2025", "firmware rollback"),),
    }
)


def blind_tables(seed: int = SEED) -> Iterator[Table]:
    """Every schema once, one of four with a single row; groups "blind" and "blind nameless"."""
    rng = random.Random(seed)
    for place, (name, listed) in enumerate(lines("blind")):
        items = [item.split() for item in listed.split(";") if item.strip()]
        yield _table(rng, name, items, group="blind", rows=1 if place % 4 == 3 else ROWS)
    for name, listed in lines("blind_opaque"):
        kinds = [item.strip() for item in listed.split(";") if item.strip()]
        items = [[rng.choice(HEADS).format(place), kind] for place, kind in enumerate(kinds)]
        yield _table(rng, rng.choice(("", name)), items, group="blind nameless", rows=ROWS)


def _table(rng: random.Random, name: str, items: list[list[str]], *, group: str, rows: int) -> Table:
    fake = Faker(rng.choice(LOCALES))
    fake.seed_instance(rng.randrange(2**31))
    return Table(name, group, tuple(_column(rng, fake, *item[:2], rows=rows) for item in items))


def _column(rng: random.Random, fake: Faker, name: str, kind: str, *, rows: int) -> Column:
    label, makes = ("", HARMLESS[kind[1:]]) if kind.startswith("*") else SENSITIVE[kind]
    make = rng.choice(makes)
    return Column(name, "text", tuple(make(fake, rng) for _ in range(rows)), label)
