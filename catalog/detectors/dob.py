"""Dates of birth: a date under a birth-like name. Any other date is clean."""

from __future__ import annotations

import re

from catalog.columntypes import Family
from catalog.detectors.base import TEXTUAL, Detector, terms
from catalog.model import Label

_DATE = re.compile(
    r"(?:18|19|20)\d\d(?:[-/.年]?\d{1,2}[-/.月]?\d{1,2}日?)?(?:[ T].{0,30})?"
    r"|\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:\d{4}|\d\d)"
    r"|\d{1,2}[- ][A-Za-z]{3,9}[-, ]{1,2}(?:\d{4}|\d\d)|[A-Za-z]{3,9} \d{1,2},? \d{4}",
    re.ASCII,
)


def value(text: str) -> float:
    return 0.6 if len(text) <= 48 and _DATE.fullmatch(text) else 0.0


DOB = Detector(
    Label.DOB,
    terms(
        (0.95, "dob dateofbirth datebirth birthdate birthday bday birth birthdt birthyear yearbirth birthts borndate"),
        (0.95, "dateborn geburtsdatum gebdatum gebdat geburtstag geburt geburtsjahr gebtag fechanacimiento fecnac"),
        (0.95, "nacimiento fnacimiento datenaissance naissance ddn datanascita nascita datanascimento nascimento"),
        (0.95, "geboortedatum gebdatum fodselsdato fodelsedatum fodt dataurodzenia datanarozeni"),
        (0.95, "syntymaaika syntymapaiva"),
        (0.95, "dogumtarihi 生年月日 出生日期 生日 датарождения 생년월일"),
        (0.95, "datenaiss dtnaiss dtnasc fechanac geboren birthmonth birthdateutc"),
        (0.75, "born"),
    ),
    value,
    families=TEXTUAL | {Family.DATE, Family.TIMESTAMP, Family.TIMESTAMPTZ, Family.INTEGER},
)
