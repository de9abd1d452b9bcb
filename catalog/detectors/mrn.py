"""Medical record numbers, told by the column's name."""

from __future__ import annotations

import re

from catalog.detectors.base import DIGITS, Detector, Kind, digits_of, terms
from catalog.model import Label

_SHAPE = re.compile(r"[A-Z]{0,6}[ :#-]{0,2}[A-Z0-9-]{4,20}", re.ASCII | re.IGNORECASE)


def value(text: str) -> float:
    return 0.6 if _SHAPE.fullmatch(text) and len(digits_of(text)) >= 4 else 0.0


MRN = Detector(
    Label.MRN,
    terms(
        (0.95, "mrn mrnnumber medicalrecord medicalrecordnumber medicalrecordno medrecno medrecnum"),
        (0.95, "patientnumber patientno"),
        (0.95, "chartnumber chartno hospitalnumber hospitalno patientennummer patientennr"),
        (0.95, "krankenaktennummer fallnummer"),
        (0.95, "historiaclinica numerohistoria dossiermedical numerodossierpatient cartellaclinica prontuario ipp"),
        (0.25, "chart recordnumber"),
    ),
    value,
    families=DIGITS,
    context={Kind.MEDICAL: 0.45},
)
