"""One way of hiding a file. A label that is not listed here is redacted to its tag."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog.maskers.base import Masker, MaskValue
from catalog.maskers.card import CREDIT_CARD
from catalog.maskers.dob import DOB
from catalog.maskers.email import EMAIL
from catalog.maskers.geo import GEO
from catalog.maskers.iban import IBAN
from catalog.maskers.ip import IP
from catalog.maskers.phone import PHONE
from catalog.maskers.postcode import POSTCODE
from catalog.model import Label

MASKERS: Mapping[Label, Masker] = MappingProxyType(
    {
        Label.EMAIL: EMAIL,
        Label.PHONE: PHONE,
        Label.CREDIT_CARD: CREDIT_CARD,
        Label.IBAN: IBAN,
        Label.POSTCODE: POSTCODE,
        Label.DOB: DOB,
        Label.IP: IP,
        Label.GEO: GEO,
    }
)

__all__ = ["MASKERS", "MaskValue", "Masker"]
