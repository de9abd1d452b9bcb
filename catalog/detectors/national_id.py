"""National identity and personal tax numbers of many countries, by the check digits python-stdnum knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from catalog.detectors.base import DIGITS, Detector, digits_of, terms
from catalog.model import Label

# Letters, dates or 18 digits beside a check digit: chance hardly ever makes one. By letters and digits of the number,
# so that a value is tried by the few countries whose numbers are as long.
_STRONG = MappingProxyType(
    {
        9: ("es.nie",),
        10: ("fi.hetu",),
        13: ("ch.ssn", "kr.rrn"),
        15: ("fr.nir",),
        16: ("it.codicefiscale",),
        18: ("mx.curp", "cn.ric"),
    }
)
# One or two check digits over bare digits: one number in ten passes by chance, so a name is needed.
_WEAK = MappingProxyType(
    {
        7: ("ar.dni",),
        8: ("nl.bsn", "cl.rut", "ie.pps", "au.tfn", "ar.dni"),
        9: ("es.dni", "nl.bsn", "cz.rc", "cl.rut", "ie.pps", "ca.sin", "au.tfn", "il.idnr", "us.itin"),
        10: ("se.personnummer", "dk.cpr", "cz.rc", "in_.pan", "bg.egn", "gb.utr", "at.vnr"),
        11: (
            *("de.idnr", "be.nn", "no.fodselsnummer", "pl.pesel", "br.cpf", "tr.tckimlik"),
            *("hr.oib", "ee.ik", "lt.asmens"),
        ),
        12: ("in_.aadhaar", "se.personnummer", "pt.cc", "jp.in_"),
        13: ("ro.cnp", "za.idnr"),
    }
)
_Validators = Mapping[int, tuple[Callable[[str], bool], ...]]


def _validators(names: Mapping[int, tuple[str, ...]]) -> _Validators:
    return {
        length: tuple(import_module(f"stdnum.{name}").is_valid for name in group) for length, group in names.items()
    }


_STRONG_VALID, _WEAK_VALID = _validators(_STRONG), _validators(_WEAK)
_SHAPE = re.compile(r"[A-Za-z0-9 ./+-]{6,24}", re.ASCII)
_DAY = re.compile(
    r"(?:19|20)\d\d[-/.]\d\d[-/.]\d\d|\d\d[/.]\d\d[/.](?:19|20)\d\d|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}", re.ASCII
)
"""Days and addresses of machines: no identity number is written so."""


def value(text: str) -> float:
    """1.0 for a number that carries its own proof, .6 with a weak check, .4 for the shape alone."""
    if not _SHAPE.fullmatch(text) or len(digits_of(text)) < 4 or text[0] == "+" or _DAY.fullmatch(text):
        return 0.0
    length = sum(map(str.isalnum, text))
    letters_or_long = not text.isdecimal() or length in (13, 15, 18)
    if letters_or_long and _passes(text, _STRONG_VALID.get(length, ())):
        return 1.0
    return 0.6 if _passes(text, _WEAK_VALID.get(length, ())) else 0.4


def _passes(text: str, checks: tuple[Callable[[str], bool], ...]) -> bool:
    return any(_holds(is_valid, text) for is_valid in checks)


def _holds(is_valid: Callable[[str], bool], text: str) -> bool:
    try:
        return is_valid(text)
    except (LookupError, ValueError, ArithmeticError):  # stdnum trips over some numbers of right shape: no proof
        return False


NATIONAL_ID = Detector(
    Label.NATIONAL_ID,
    terms(
        (0.95, "nationalid nationalidnumber nationalidentitynumber natid nationalinsurance"),
        (0.95, "nationalinsurancenumber nino"),
        (0.95, "ninumber identitynumber idcard idcardnumber identitycard citizenid personalid"),
        (0.95, "governmentid govtid govid"),
        (0.95, "taxid taxidnumber taxnumber taxno tin taxpayerid itin steuerid steuernummer steuernr steueridnr"),
        (0.95, "steueridentifikationsnummer idnr personalausweis personalausweisnr personalausweisnummer ausweisnr"),
        (0.95, "ausweisnummer sozialversicherungsnummer svnr svnummer rvnr ahv ahvnr nif nie dni"),
        (0.95, "dninumber cpf cnp pesel"),
        (0.95, "bsn burgerservicenummer curp rut codicefiscale codfiscale numerosecuritesociale"),
        (0.95, "numsecu insee nirnumber"),
        (0.95, "aadhaar aadhar personnummer personnr fodselsnummer cpr cprnummer hetu henkilotunnus egn rodnecislo"),
        (0.95, "tckimlik tckn kimlikno kimlik mynumber cedula documentoidentidad numeroidentidad 身份证"),
        (0.95, "身份证号 инн снилс"),
        (0.95, "rijksregisternummer matriculenational numerofiscal nifnumber panindia 주민등록번호 マイナンバー"),
        (0.95, "fodselsnr sozialvers sozialversnr sozialversicherungsnr taxidentification"),
        (0.95, "taxidentificationnumber taxidentificationno taxpayernumber socialinsurancenumber"),
        (0.6, "sin rfc nir pan panno pannumber nin oib identification identificationnumber idnumber"),
        (0.6, "idno documentnumber"),
    ),
    value,
    families=DIGITS,
    alone=0.9,
)
