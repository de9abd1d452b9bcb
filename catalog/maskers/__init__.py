"""One way of hiding a file. MASKERS are the defaults; a label that is not listed there is redacted to its tag."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog.maskers.base import Masker, MaskValue
from catalog.maskers.card import CREDIT_CARD
from catalog.maskers.diagnosis import DIAGNOSIS
from catalog.maskers.dob import birthdays
from catalog.maskers.email import EMAIL
from catalog.maskers.geo import GEO
from catalog.maskers.iban import IBAN
from catalog.maskers.ip import IP
from catalog.maskers.phone import PHONE
from catalog.maskers.postcode import POSTCODE
from catalog.maskkinds import Kind
from catalog.model import Label

MASKERS: Mapping[Label, Masker] = MappingProxyType(
    {
        Label.EMAIL: EMAIL,
        Label.PHONE: PHONE,
        Label.CREDIT_CARD: CREDIT_CARD,
        Label.IBAN: IBAN,
        Label.POSTCODE: POSTCODE,
        Label.DOB: birthdays(0),
        Label.IP: IP,
        Label.GEO: GEO,
    }
)


def masker_of(label: Label, kind: Kind, *, this_year: int = 0) -> Masker | None:
    """The masker that needs no key; None where the label has none of this kind."""
    if kind == "generalise" and label is Label.DOB:
        return birthdays(this_year)
    found = DIAGNOSIS if label is Label.DIAGNOSIS else MASKERS.get(label)
    return found if found and found.kind == kind else None


__all__ = ["MASKERS", "MaskValue", "Masker", "masker_of"]
