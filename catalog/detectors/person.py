"""Names of people: told by the column's name and its table, by a small lexicon and the shape of names."""

from __future__ import annotations

import itertools
import re
from types import MappingProxyType
from unicodedata import category

from catalog.detectors.base import Detector, Kind, terms
from catalog.detectors.given_names import GIVEN_NAMES
from catalog.model import Label
from catalog.names import fold, word_set

_FIRM = word_set(
    "inc inc. ltd ltd. llc llp plc corp corp. corporation co co. gmbh ag kg ohg se sa",
    "s.a. sas sarl srl s.r.l. spa s.p.a.",
    "bv b.v. nv n.v. ab as oy aps kk k.k. pty group gruppe holding holdings company",
    "partners associates brothers sons & und",
    "e.v. kgaa mbh stiftung e.g. oao ooo zao s.l. sl ltda pvt limited bros foundation",
    "university bank hotel school hospital",
    "株式会社 有限会社 合同会社 and y et hermanos frères fils figli",
)
_EAST_ASIAN_FIRM = ("会社", "公司", "集団", "银行", "銀行", "(株)", "(有)", "주식회사", "유한회사")
_TITLE = word_set(
    "mr mr. mrs mrs. ms ms. miss dr dr. prof prof. herr frau hr. fr. dipl.-ing. ing. univ.prof.",
    "m. mme mlle sr. sra. srta.",
    "dott. sig. sig.ra jr. sr. ii iii md phd dds dvm jr sr b.sc. m.sc. b.a. mba. dipl. hon. sir dame lady lord",
)
_NATIVE = re.compile(
    r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af・ 　]{2,14}|[\u0600-\u06ff\s]{3,40}|[\u0590-\u05ff\s]{3,40}"
)
_GREETING = re.compile(
    r"\b(?:hi|hello|hey|dear|hallo|liebe|lieber|bonjour|hola|ciao|olá|beste|kære|hej|mr\.?|mrs\.?|ms\.?|dr\.?|herr|frau|señora?)"
    r"[ ,]{1,2}([^\W\d_]{2,20})\b"
    r"|\b(?:regards|thanks|cheers|grüße|gruß|saludos|cordialement|sincerely|name is|name was|i am|i'm|ich bin|je suis)"
    r"[ ,:\n]{1,3}([^\W\d_]{2,20})\b",
    re.IGNORECASE,
)
_PROSE_WORDS = 6  # below this, two capitalised words may be a firm, a product or a place
_GENERIC = word_set("name nombre nom nome naam navn namn nume ad isim nimi")


def value(text: str) -> float:
    """1.0 for two to five name-like words, one of them a known given name; .7 for one; .4 shape; below 0 for a firm."""
    if not 2 <= len(text) <= 80 or any(char.isdecimal() or char in "@/\\_:;|<>=#*" for char in text):
        return 0.0
    if any(mark in text for mark in _EAST_ASIAN_FIRM):
        return -1.0
    if text.isalpha() and not text.isascii() and _NATIVE.fullmatch(text):
        return 0.6
    words = [word.strip(",") for word in text.split()]
    lowered = [fold(word).lower() for word in words]
    if any(word in _FIRM for word in lowered):
        return -1.0
    return _score([word for word, low in zip(words, lowered, strict=True) if word and low not in _TITLE])


def is_firm(text: str) -> bool:
    """Whether a legal form or another word of firms is in it."""
    if any(mark in text for mark in _EAST_ASIAN_FIRM):
        return True
    return any(fold(word).lower() in _FIRM for word in text.replace(",", " ").split())


def _is_word(word: str) -> bool:
    """Letters, marks that sit on them (category M), and what joins the parts of a name."""
    inner = all(char.isalpha() or char in "'’.-" or category(char)[0] == "M" for char in word)
    return inner and word[0].isalpha() and len(word) <= 40


def _score(words: list[str]) -> float:
    if not 1 <= len(words) <= 6 or not all(map(_is_word, words)):
        return 0.5 if words and _NATIVE.fullmatch(" ".join(words)) else 0.0
    known = any(is_given_name(word) for word in words)
    if known:
        return 1.0 if len(words) > 1 else 0.7
    cased = sum(word[0].isupper() or not word.isascii() for word in words) * 2 > len(words)
    return 0.4 if cased else 0.1


def is_given_name(word: str) -> bool:
    plain = fold(word).lower()
    return plain in GIVEN_NAMES or any(part in GIVEN_NAMES for part in plain.replace("’", "-").split("-"))


def within(text: str) -> bool:
    """A greeting or signature with a name, or a capitalised known given name followed by a capitalised word."""
    for found in _GREETING.finditer(text):
        name = found[1] or found[2]
        if name[0].isupper() and (is_given_name(name) or name.lower() != name != name.upper()):
            return True
    words = text.split()
    return len(words) >= _PROSE_WORDS and any(
        first[0].isupper() and second[0].isupper() and is_given_name(first)
        for first, second in itertools.pairwise(words)
    )


PERSON = Detector(
    Label.PERSON,
    terms(
        (0.95, "firstname fname givenname forename lastname lname surname familyname fullname"),
        (0.95, "middlename maidenname legalname"),
        (0.95, "secondname preferredname birthname vorname nachname familienname zuname rufname"),
        (0.95, "geburtsname vollername"),
        (0.95, "apellido nombrecompleto primernombre segundonombre primerapellido segundoapellido prenom nomfamille"),
        (0.95, "nomcomplet nomprenom cognome nomecognome nomecompleto sobrenome apelido primeironome"),
        (0.95, "achternaam voornaam"),
        (0.95, "imie nazwisko imienazwisko fornavn etternavn efternavn fornamn efternamn etunimi"),
        (0.95, "sukunimi jmeno prijmeni"),
        (0.95, "keresztnev vezeteknev soyad soyadi prenume numefamilie cardholder cardholdername"),
        (0.95, "accountholder nameoncard"),
        (0.95, "nextkin emergencycontactname mothersmaidenname mothername fathername spousename"),
        (0.95, "patientname ansprechpartner"),
        (0.95, "lastnm firstnm fullnm givennm familynm ptname patname"),
        (0.95, "kundenname contactperson personname 姓名 氏名 名前 姓 имя фамилия отчество фио 이름 성명"),
        (0.6, "contactname displayname recipientname sendername beneficiary payee payer cardowner holder realname"),
        (0.5, "name nombre nom nome naam navn namn nume ad isim nimi"),
        (0.6, "author owner assignee manager contact customer patient"),
        (0.6, "employee doctor physician driver passenger recipient sender approver reviewer"),
        (0.6, "attendee guest teacher student"),
        (0.6, "createdby updatedby approvedby reviewedby signedby assignedto reportedby reporter"),
        (0.6, "person mitarbeiter kunde"),
        (0.6, "by shipto billto soldto attn careof"),
        (0.6, "cliente empleado representative agentname operator salesperson salesrep member beneficiario titular"),
    ),
    value,
    alone=0.75,
    context=MappingProxyType(
        {Kind.PERSON: 0.35, Kind.THING: -0.6, Kind.PLACE: -0.6, Kind.ORGANISATION: -0.6, Kind.INFRASTRUCTURE: -0.6}
    ),
    swayed=_GENERIC,
    within=within,
)
