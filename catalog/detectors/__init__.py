"""One kind of value a file. Where two detectors are equally sure, the one that comes first here wins."""

from __future__ import annotations

from catalog.detectors.address import ADDRESS
from catalog.detectors.bank_account import BANK_ACCOUNT
from catalog.detectors.base import Detector
from catalog.detectors.credit_card import CREDIT_CARD
from catalog.detectors.cvv import CVV
from catalog.detectors.diagnosis import DIAGNOSIS
from catalog.detectors.dob import DOB
from catalog.detectors.driver_license import DRIVER_LICENSE
from catalog.detectors.email import EMAIL
from catalog.detectors.geo import GEO
from catalog.detectors.health_id import HEALTH_ID
from catalog.detectors.iban import IBAN
from catalog.detectors.ip import IP
from catalog.detectors.mrn import MRN
from catalog.detectors.national_id import NATIONAL_ID
from catalog.detectors.passport import PASSPORT
from catalog.detectors.password import PASSWORD
from catalog.detectors.person import PERSON
from catalog.detectors.phone import PHONE
from catalog.detectors.postcode import POSTCODE
from catalog.detectors.secret import SECRET
from catalog.detectors.ssn import SSN
from catalog.detectors.text import TEXT

DETECTORS: tuple[Detector, ...] = (
    SECRET,
    PASSWORD,
    EMAIL,
    IBAN,
    CREDIT_CARD,
    CVV,
    SSN,
    NATIONAL_ID,
    PASSPORT,
    DRIVER_LICENSE,
    MRN,
    HEALTH_ID,
    BANK_ACCOUNT,
    PHONE,
    DOB,
    IP,
    POSTCODE,
    ADDRESS,
    GEO,
    DIAGNOSIS,
    PERSON,
    TEXT,
)

__all__ = ["DETECTORS", "Detector"]
