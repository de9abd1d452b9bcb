"""Values as columns of each label hold them, for property tests."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st

from catalog.model import Label

DIGIT = st.sampled_from("0123456789")


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(DIGIT, min_size=least, max_size=most)


_WORDS = st.text(st.characters(categories=("Lu", "Ll")), min_size=2, max_size=12)
_IDENTIFIER = digits(7, 12)

VALUES: dict[Label, st.SearchStrategy[str]] = {
    Label.EMAIL: st.emails(),
    Label.PHONE: st.builds(lambda plus, number: plus + number, st.sampled_from(["", "+", "00"]), digits(7, 15)),
    Label.CREDIT_CARD: digits(12, 19),
    Label.IBAN: st.builds(lambda number: "DE" + number, digits(20, 20)),
    Label.DOB: st.dates(datetime.date(1900, 1, 2)).filter(lambda day: (day.month, day.day) != (1, 1)).map(str),
    Label.POSTCODE: digits(4, 9),
    Label.IP: st.ip_addresses(v=4).filter(lambda address: int(address) % 256).map(str),
    Label.GEO: st.decimals(-180, 180, places=6).filter(lambda number: number != round(number, 1)).map(str),
    Label.PERSON: st.builds(lambda given, family: f"{given} {family}", _WORDS, _WORDS),
    Label.ADDRESS: st.builds(lambda street, number: f"{street} street {number}", _WORDS, st.integers(1, 999)),
    Label.SSN: st.builds(lambda text: f"{text[:3]}-{text[3:5]}-{text[5:]}", digits(9, 9)),
    Label.NATIONAL_ID: _IDENTIFIER,
    Label.PASSPORT: st.builds(lambda text: f"C{text}", _IDENTIFIER),
    Label.DRIVER_LICENSE: st.builds(lambda text: f"D-{text}", _IDENTIFIER),
    Label.BANK_ACCOUNT: _IDENTIFIER,
    Label.MRN: st.builds(lambda text: f"MRN {text}", _IDENTIFIER),
    Label.HEALTH_ID: _IDENTIFIER,
    Label.DIAGNOSIS: st.from_regex(r"[A-T][0-9][0-9]\.[0-9]", fullmatch=True),
}
