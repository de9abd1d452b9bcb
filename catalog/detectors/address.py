"""Street addresses in several languages' writing."""

from __future__ import annotations

import re

from catalog.detectors.base import Detector, terms
from catalog.model import Label

STREET = (
    r"\b(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|square|sq|terrace|parkway|pkwy|"
    r"highway|hwy|plaza|place|close|crescent|rue|chemin|allee|impasse|quai|calle|avenida|av|paseo|plaza|carrera|"
    r"via|viale|piazza|corso|rua|travessa|ulica|ul|plac|laan|gasse|apt|suite|p\.?o\.? box|rd\.)\b"
    r"|(?:str\.|stra(?:ss|ß)e|weg|allee|gasse|platz|ring|damm|ufer|straat|gracht|plein|laan|gatan|vagen|väg|gata|vej|gade|"
    r"katu|tie)\b"
)
"""Words of streets, in any case."""
_STREET = re.compile(STREET, re.IGNORECASE)
_HOUSE = re.compile(r"(?<![\w.])\d{1,5}[a-zA-Z]?(?![\w.])", re.ASCII)
_EAST_ASIAN = re.compile(r"[省市区區县縣町村街道路号號丁目番시구동로길]")


def value(text: str) -> float:
    """1.0 for a street word with a house number; .5 for words with a number; .3 for other words."""
    if not 4 <= len(text) <= 300:
        return 0.0
    if text.startswith("0x") or "@" in text or "://" in text:
        return 0.0
    street, house = bool(_STREET.search(text)), bool(_HOUSE.search(text))
    if (street and house) or len(_EAST_ASIAN.findall(text)) >= 2:
        return 1.0 if len(text.split()) <= 20 else 0.4
    if _EAST_ASIAN.search(text):
        return 0.5
    words = [word for word in text.split() if any(char.isalpha() for char in word)]
    if house and words:
        return 0.5
    return 0.3 if street or len(words) >= 2 else 0.1


ADDRESS = Detector(
    Label.ADDRESS,
    terms(
        (0.95, "homeaddress streetaddress postaladdress mailingaddress billingaddress"),
        (0.95, "shippingaddress deliveryaddress"),
        (0.95, "residentialaddress addressline address1 address2 address3 addressline1 addressline2"),
        (0.95, "addressline3 addr1"),
        (0.95, "addr2 street1 street2 streetname strassenname hausnummer housenumber"),
        (0.95, "houseno streetaddress1 anschrift"),
        (0.95, "wohnadresse lieferadresse rechnungsadresse adressepostale addressfull fulladdress currentaddress"),
        (0.85, "address addr adresse street str strasse direccion domicilio calle rue indirizzo"),
        (0.85, "endereco rua logradouro adres"),
        (0.85, "straat ulica osoite katuosoite gateadresse gatuadress strassenr strassehausnr"),
        (0.85, "strassehausnummer residence"),
        (0.85, "住所 地址 адрес улица 주소 voie libellevoie numerorue line1 line2"),
        (0.95, "hausnr housenum strnr strassenummer huisnummer numerocivico domovnicislo doornumber flatnumber"),
        (0.5, "location domicile apartment whereabouts"),
    ),
    value,
    alone=0.75,
)
