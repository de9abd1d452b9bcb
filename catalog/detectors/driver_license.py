"""Driving licence numbers, told by the column's name."""

from __future__ import annotations

import re

from catalog.detectors.base import DIGITS, Detector, Kind, digits_of, terms
from catalog.model import Label

_SHAPE = re.compile(r"[A-Z0-9 *-]{5,22}", re.ASCII | re.IGNORECASE)


def value(text: str) -> float:
    return 0.6 if _SHAPE.fullmatch(text) and len(digits_of(text)) >= 2 else 0.0


DRIVER_LICENSE = Detector(
    Label.DRIVER_LICENSE,
    terms(
        (0.95, "driverlicense driverslicense driverlicence driverslicence drivinglicense"),
        (0.95, "drivinglicence driverlicensenumber"),
        (0.95, "driverslicensenumber drivinglicencenumber drivinglicensenumber driverlicenseno"),
        (0.95, "drivinglicenceno dlnumber"),
        (0.95, "dlno dlnum driverlicenseid fuhrerschein fuehrerschein fuhrerscheinnr"),
        (0.95, "fuhrerscheinnummer permisconduire"),
        (0.95, "numeropermis licenciaconducir carnetconducir patenteguida cartaconducao cnh"),
        (0.95, "rijbewijs rijbewijsnummer"),
        (0.95, "korkort korkortsnummer forerkort prawojazdy driverlic drvlic 運転免許 驾照"),
        (0.25, "licensenumber licenseno licencenumber licenceno"),
    ),
    value,
    families=DIGITS,
    context={Kind.PERSON: 0.45},
)
