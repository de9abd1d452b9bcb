"""Invented people, numbers and things for the evaluation; nothing here is shared with the training of the net."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from faker import Faker
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

LOCALES = (
    *("en_GB", "en_AU", "de_AT", "fr_CA", "es_AR", "es_CO", "pt_PT", "nl_BE", "da_DK", "fi_FI", "no_NO", "hu_HU"),
    *(
        "ro_RO",
        "el_GR",
        "vi_VN",
        "id_ID",
        "zh_TW",
        "hr_HR",
        "sk_SK",
        "bg_BG",
        "he_IL",
        "th_TH",
        "en_NZ",
        "sl_SI",
        "es_CL",
    ),
)

Maker = Callable[[Faker, random.Random], str]


def chars(rng: random.Random, count: int, alphabet: str = string.digits) -> str:
    return "".join(rng.choices(alphabet, k=count))


def digits(*counts: int, before: str = "") -> Maker:
    """All values of a column are alike: `counts` are tried by the column's seed, see `tables`."""
    return lambda _fake, rng: before + chars(rng, rng.choice(counts))


def pick(*choices: str) -> Maker:
    return lambda _fake, rng: rng.choice(choices)


def among(text: str) -> Maker:
    """One of the words between `|`."""
    return pick(*text.split("|"))


UPPER, HEX = string.ascii_uppercase, "0123456789abcdef"
WORDY = string.ascii_letters + string.digits


def one_line(text: str) -> str:
    return ", ".join(text.split("\n"))


def name_last_first(fake: Faker, _rng: random.Random) -> str:
    return f"{fake.last_name()}, {fake.first_name()}"


def initials_and_name(fake: Faker, rng: random.Random) -> str:
    return f"{rng.choice(UPPER)}. {fake.last_name()}"


def born(rng: random.Random) -> date:
    return date(1931, 1, 1) + timedelta(days=rng.randrange(90 * 365))


def mail(fake: Faker, rng: random.Random) -> str:
    return rng.choice((fake.email(), fake.ascii_company_email(), fake.ascii_free_email()))


def phone_spaced(_fake: Faker, rng: random.Random) -> str:
    return f"0{rng.randint(2, 9)} {rng.randint(1000, 9999)} {rng.randint(1000, 9999)}"


def phone_international(_fake: Faker, rng: random.Random) -> str:
    return f"00{rng.choice(('45', '358', '36', '351', '40', '30'))}{rng.randint(10**7, 10**9 - 1)}"


def ssn(fake: Faker, rng: random.Random) -> str:
    return f"{rng.choice([*range(1, 666), *range(667, 900)]):03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


def ssn_bare(fake: Faker, rng: random.Random) -> str:
    return ssn(fake, rng).replace("-", "")


def finnish_id(_fake: Faker, rng: random.Random) -> str:
    head = f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randint(40, 99)}"
    serial = f"{rng.randint(2, 899):03}"
    return f"{head}-{serial}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(head + serial) % 31]}"


def romanian_id(_fake: Faker, rng: random.Random) -> str:
    day = f"{rng.randint(40, 99)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = f"{rng.randint(1, 2)}{day}{rng.randint(1, 46):02}{rng.randint(1, 999):03}"
    total = sum(int(a) * int(b) for a, b in zip(body, "279146358279", strict=True)) % 11
    return body + str(1 if total == 10 else total)


def danish_id(_fake: Faker, rng: random.Random) -> str:
    return f"{rng.randint(1, 28):02}{rng.randint(1, 12):02}{rng.randint(30, 99)}-{rng.randint(0, 9999):04}"


def taiwan_id(_fake: Faker, rng: random.Random) -> str:
    return rng.choice(UPPER) + rng.choice("12") + chars(rng, 8)


def bulgarian_id(_fake: Faker, rng: random.Random) -> str:
    return f"{rng.randint(40, 99)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}{chars(rng, 4)}"


def card(fake: Faker, _rng: random.Random) -> str:
    return fake.credit_card_number()


def card_dotted(_fake: Faker, rng: random.Random) -> str:
    number = rng.choice(("4532", "5412", "5105", "4916")) + chars(rng, 11)
    whole = number + luhn.calc_check_digit(number)
    return " ".join(whole[at : at + 4] for at in range(0, 16, 4))


def account_with_check(country: str, count: int) -> Maker:
    def make(_fake: Faker, rng: random.Random) -> str:
        body = chars(rng, count)
        return f"{country}{mod_97_10.calc_check_digits(body + country)}{body}"

    return make


def spaced(maker: Maker) -> Maker:
    def make(fake: Faker, rng: random.Random) -> str:
        text = maker(fake, rng)
        return " ".join(text[at : at + 4] for at in range(0, len(text), 4))

    return make


def parcel(_fake: Faker, rng: random.Random) -> str:
    body = "340" + chars(rng, 14)
    return body + luhn.calc_check_digit(body)


def luhn_sixteen(_fake: Faker, rng: random.Random) -> str:
    body = rng.choice("479") + chars(rng, 14)
    return body + luhn.calc_check_digit(body)


def icd(_fake: Faker, rng: random.Random) -> str:
    return rng.choice("EFGIJKMNRST") + chars(rng, 2) + rng.choice(("", "." + chars(rng, 1), "." + chars(rng, 2)))


ILLNESSES = among(
    "Bronkiitti|Gastroenteritis|Fractured wrist|Hypothyroidism|Angina pectoris|Cukrzyca typu 2|Astma|Tonsillitis|"
    "Anxiety disorder|Hypertonie|Sciatica|Crohn's disease|Bipolar disorder|Tuberculosis|Lyme borreliosis|"
    "Depresie|Osteoporosis|Glaucoma|Chlamydia|Gout"
)
DRUGS = among(
    "Simvastatin 20mg|Paracetamol|Losartan 50 mg|Escitalopram|Prednisolone|Clopidogrel|Gabapentin 300|Codeine|"
    "Methotrexate|Naproxen 500 mg|Tamoxifen|Lithium carbonate"
)
CLINICAL = "Seen in clinic, no fever."

BCRYPT: Maker = lambda _f, rng: "$2y$11$" + chars(rng, 53, WORDY)  # noqa: E731
ARGON: Maker = lambda _f, rng: f"$argon2id$v=19$m=19456,t=2,p=1${chars(rng, 22, WORDY)}${chars(rng, 43, WORDY)}"  # noqa: E731


def plain_password(fake: Faker, _rng: random.Random) -> str:
    return fake.password(length=11)


def key_like(prefix: str, count: int, alphabet: str = WORDY) -> Maker:
    return lambda _fake, rng: prefix + chars(rng, count, alphabet)


def note(fake: Faker, rng: random.Random) -> str:
    return rng.choice(
        (
            f"{fake.first_name()} rang this morning, wants the invoice sent to {mail(fake, rng)}.",
            f"Left a voicemail for {fake.name()} on {fake.phone_number()}, no answer so far.",
            "The courier could not find the entrance and took everything back to the depot.",
            f"Moved to {one_line(fake.street_address())} last month, please update the file.",
            "Asked for a refund because the colour is not what the picture shows.",
            f"{CLINICAL} {fake.last_name()} to come back in two weeks.",
        )
    )


LABELLED: Mapping[str, tuple[str, tuple[Maker, ...]]] = MappingProxyType(
    {
        "full": ("PERSON", (lambda f, _r: f.name(), name_last_first, initials_and_name, lambda f, _r: f.name())),
        "given": ("PERSON", (lambda f, _r: f.first_name(),)),
        "family": ("PERSON", (lambda f, _r: f.last_name(), lambda f, _r: f.last_name().upper())),
        "email": ("EMAIL", (mail,)),
        "phone": (
            "PHONE",
            (lambda f, _r: f.phone_number(), phone_spaced, phone_international, lambda f, _r: f.phone_number()),
        ),
        "street": ("ADDRESS", (lambda f, _r: one_line(f.street_address()), lambda f, _r: one_line(f.address()))),
        "post": ("POSTCODE", (lambda f, _r: f.postcode(),)),
        "dob": (
            "DOB",
            (
                lambda _f, r: born(r).isoformat(),
                lambda _f, r: born(r).strftime("%d.%m.%Y"),
            ),
        ),
        "ssn": ("SSN", (ssn, ssn, ssn_bare)),
        "natid": ("NATIONAL_ID", (finnish_id, romanian_id, danish_id, taiwan_id, bulgarian_id, digits(9), digits(13))),
        "passport": (
            "PASSPORT",
            (
                digits(9),
                digits(7, before="N"),
                lambda _f, r: chars(r, 2, UPPER) + chars(r, 6),
                lambda _f, r: chars(r, 1, UPPER) + chars(r, 7),
            ),
        ),
        "licence": (
            "DRIVER_LICENSE",
            (
                lambda _f, r: chars(r, 5, UPPER) + chars(r, 6) + chars(r, 2, UPPER) + "9" + chars(r, 2, UPPER),
                digits(8),
                digits(10),
                lambda _f, r: f"{chars(r, 2)}-{chars(r, 6)}-{chars(r, 2)}",
            ),
        ),
        "card": ("CREDIT_CARD", (card, card, card_dotted)),
        "cvv": ("CVV", (digits(3), digits(3, 4))),
        "iban": (
            "IBAN",
            (
                account_with_check("PT", 21),
                account_with_check("FI", 14),
                account_with_check("DK", 14),
                spaced(account_with_check("HU", 24)),
                account_with_check("AT", 16),
            ),
        ),
        "account": (
            "BANK_ACCOUNT",
            (
                digits(10),
                digits(8),
                lambda _f, r: f"{chars(r, 2)}-{chars(r, 4)}-{chars(r, 7)}-{chars(r, 2)}",
                digits(11),
                digits(13),
            ),
        ),
        "mrn": (
            "MRN",
            (
                digits(7),
                lambda _f, r: "M" + chars(r, 8),
                lambda _f, r: f"{chars(r, 3)}-{chars(r, 4)}",
                digits(9, before="HN"),
            ),
        ),
        "healthid": (
            "HEALTH_ID",
            (
                lambda _f, r: f"{chars(r, 3)} {chars(r, 3)} {chars(r, 4)}",
                digits(10),
                lambda _f, r: chars(r, 4, UPPER) + chars(r, 8),
                digits(9, before="Z"),
            ),
        ),
        "dx": ("DIAGNOSIS", (icd, icd, ILLNESSES)),
        "drug": ("DIAGNOSIS", (DRUGS, ILLNESSES)),
        "ip": ("IP", (lambda f, _r: f.ipv4_public(), lambda f, _r: f.ipv6(), lambda f, _r: f.ipv4_public())),
        "lat": ("GEO", (lambda f, _r: str(f.latitude()), lambda _f, r: f"{r.uniform(45, 47):.5f}")),
        "lon": ("GEO", (lambda f, _r: str(f.longitude()), lambda _f, r: f"{r.uniform(8, 24):.5f}")),
        "password": ("PASSWORD", (BCRYPT, ARGON, plain_password, lambda _f, r: chars(r, 64, HEX))),
        "secret": (
            "SECRET",
            (
                key_like("sk_" + "live_", 28),
                key_like("", 40),
                key_like("gh" + "o_", 36),
                key_like("", 48, HEX),
                key_like("sq0atp-", 22),
                key_like("pat-na1-", 32, HEX + "-"),
            ),
        ),
        "note": ("TEXT", (note,)),
    }
)
"""Kind → label and the writings of values; a column keeps to one."""
