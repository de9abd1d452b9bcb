"""Numbers of health insurance and public health services; the British NHS number has a check digit."""

from __future__ import annotations

import re

from stdnum.gb import nhs

from catalog.detectors.base import DIGITS, Detector, Kind, digits_of, terms
from catalog.model import Label

_SHAPE = re.compile(r"[A-Z0-9 ./-]{5,24}", re.ASCII | re.IGNORECASE)


def value(text: str) -> float:
    if not _SHAPE.fullmatch(text) or len(digits_of(text)) < 3:
        return 0.0
    return 0.7 if nhs.is_valid(text) else 0.5


HEALTH_ID = Detector(
    Label.HEALTH_ID,
    terms(
        (0.95, "healthid healthinsurance healthinsuranceid healthinsurancenumber healthinsuranceno healthcardnumber"),
        (0.95, "healthcard healthplanid nhsnumber nhsno nhs medicare medicareid medicarenumber mbi"),
        (0.95, "medicaid medicaidid"),
        (0.95, "insuranceid insuranceno insurancenumber insurancememberid memberinsuranceid krankenversicherung kvnr"),
        (0.95, "krankenversicherungsnummer krankenkassennummer versichertennummer versichertennr"),
        (0.95, "cartevitale tarjetasanitaria"),
        (0.95, "numeroseguridadsocial nss tesserasanitaria cartaosus subscriberid beneficiaryid zorgnummer"),
        (0.25, "insurancepolicy insurancepolicynumber policyno policynumber memberid membernumber ihi hicn"),
    ),
    value,
    families=DIGITS,
    context={Kind.MEDICAL: 0.35, Kind.THING: -0.5},
)
