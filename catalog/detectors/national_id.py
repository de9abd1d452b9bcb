"""National identity and personal tax numbers of many countries, by the check digits python-stdnum knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from catalog.detectors.base import DIGITS, Detector, digits_of, terms
from catalog.model import Label

# Letters, dates or 18 digits beside a check digit: chance hardly ever makes one.
_STRONG = ("it.codicefiscale", "mx.curp", "fi.hetu", "cn.ric", "fr.nir", "es.nie", "ch.ssn", "kr.rrn")
# One or two check digits over bare digits: one number in ten passes by chance, so a name is needed.
_WEAK = (
    *("de.idnr", "es.dni", "nl.bsn", "be.nn", "se.personnummer", "no.fodselsnummer", "dk.cpr", "pl.pesel", "ro.cnp"),
    *("cz.rc", "br.cpf", "cl.rut", "in_.aadhaar", "in_.pan", "za.idnr", "tr.tckimlik", "ie.pps", "ca.sin", "au.tfn"),
    *("il.idnr", "bg.egn", "hr.oib", "ee.ik", "lt.asmens", "gb.utr", "pt.cc", "ar.dni", "us.itin", "jp.in_", "at.vnr"),
)


def _validators(names: tuple[str, ...]) -> tuple[Callable[[str], bool], ...]:
    return tuple(import_module(f"stdnum.{name}").is_valid for name in names)


_STRONG_VALID, _WEAK_VALID = _validators(_STRONG), _validators(_WEAK)
_SHAPE = re.compile(r"[A-Za-z0-9 ./+-]{6,24}", re.ASCII)


def value(text: str) -> float:
    """1.0 for a number that carries its own proof, .6 with a weak check, .4 for the shape alone."""
    if not _SHAPE.fullmatch(text) or len(digits_of(text)) < 4:
        return 0.0
    letters_or_long = not text.isdecimal() or len(text) in (13, 15, 18)
    if letters_or_long and any(is_valid(text) for is_valid in _STRONG_VALID):
        return 1.0
    return 0.6 if any(is_valid(text) for is_valid in _WEAK_VALID) else 0.4


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
