"""Shapes of invented identifiers, and the ways in which people spell column names."""

from __future__ import annotations

import random
import string

from catalog.abbreviations import LISTED

_ALPHABETS = {
    "#": string.digits,
    "9": "123456789",
    "A": string.ascii_uppercase,
    "a": string.ascii_lowercase,
    "X": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "*": string.ascii_letters + string.digits,
    "&": string.ascii_uppercase + string.digits,
}


def fill(rng: random.Random, pattern: str) -> str:
    """`AA-###` → `KD-482`. `\\` keeps the next character; `{n}` repeats the one before n times in all."""
    made: list[str] = []
    place = 0
    while place < len(pattern):
        char = pattern[place]
        place += 1
        if char == "\\":
            made.append(pattern[place])
            place += 1
            continue
        times = 1
        if pattern[place : place + 1] == "{":
            end = pattern.index("}", place)
            times, place = int(pattern[place + 1 : end]), end + 1
        made.extend(rng.choices(_ALPHABETS.get(char, char), k=times))
    return "".join(made)


def luhn(body: str) -> str:
    """`body` and its check digit."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return body + str(-total % 10)


_OWN_SHORT = {
    "number": "no num nr nbr nmbr",
    "address": "addr adr add",
    "phone": "ph phn tel",
    "telephone": "tel",
    "mobile": "mob mbl",
    "date": "dt dte",
    "birth": "bth brth",
    "name": "nm nme",
    "customer": "cust cst c",
    "account": "acct acc ac",
    "code": "cd cde",
    "identification": "ident id",
    "identifier": "id",
    "passport": "ppt pass",
    "license": "lic lcns",
    "licence": "lic",
    "driver": "drv dr",
    "medical": "med",
    "record": "rec",
    "insurance": "ins insur",
    "health": "hlth",
    "diagnosis": "diag dx",
    "password": "pwd passwd pw",
    "latitude": "lat",
    "longitude": "lon lng long",
    "first": "fst f",
    "last": "lst l",
    "middle": "mid m",
    "given": "gvn",
    "family": "fam",
    "employee": "emp",
    "user": "usr u",
    "patient": "pat pt",
    "member": "mbr mem",
    "security": "sec",
    "social": "soc",
    "national": "natl nat",
    "credit": "cr",
    "card": "crd",
    "secret": "sec scrt",
    "token": "tok tkn",
    "street": "str st",
    "postal": "pstl",
    "email": "eml em",
    "message": "msg",
    "description": "desc descr",
    "nummer": "nr num",
    "numero": "num nro no",
    "telefon": "tel tf",
    "telefono": "tel tlf",
    "strasse": "str",
    "geburtsdatum": "gebdat gebdatum",
    "fecha": "fec f",
    "nacimiento": "nac",
    "naissance": "naiss",
    "nascimento": "nasc",
    "kunde": "kd knd",
    "quantity": "qty",
    "amount": "amt",
    "reference": "ref",
    "tracking": "trk trkg",
    "order": "ord",
    "invoice": "inv",
    "product": "prod prd",
    "version": "ver",
    "count": "cnt",
    "status": "stat sts",
    "document": "doc",
    "country": "ctry",
    "department": "dept",
    "transaction": "txn trx",
    "shipment": "shpmt ship",
    "warehouse": "wh whse",
    "serial": "ser sn",
    "private": "priv",
    "access": "acc",
    "verification": "verif",
    "beneficiary": "benef bnf",
    "contact": "cont ctc",
    "emergency": "emerg emg",
    "residence": "res",
}
SHORT = {
    word: tuple(dict.fromkeys(f"{_OWN_SHORT.get(word, '')} {LISTED.get(word, '')}".split()))
    for word in (*_OWN_SHORT, *LISTED)
}
"""How words are shortened: what the product spells out again, and more that it has to learn."""
_BEFORE = (
    "c",
    "cust",
    "usr",
    "emp",
    "p",
    "x",
    "fld",
    "str",
    "sz",
    "v",
    "tbl",
    "t",
    "pri",
    "main",
    "my",
    "src",
    "orig",
    "old",
    "new",
)
_AFTER = ("1", "2", "3", "txt", "val", "raw", "new", "old", "str", "enc", "primary", "s", "x")
_STYLES = (
    ("snake",) * 9 + ("camel",) * 4 + ("pascal",) * 3 + ("upper",) * 3 + ("flat",) * 3 + ("kebab", "title", "dotted")
)
NAMELESS = (
    *(
        "col_{n}",
        "col{n}",
        "c{n}",
        "column{n}",
        "Column {n}",
        "field_{n}",
        "f{n}",
        "attr{n}",
        "x{n}",
        "v{n}",
        "expr_{n}",
    ),
    *(
        "?column?",
        "?column?",
        "coalesce",
        "max",
        "min",
        "case",
        "substr",
        "concat",
        "upper",
        "lower",
        "val",
        "value",
        "data",
    ),
    *(
        "EXPR$0",
        "_c{n}",
        "unnamed_{n}",
        "fld{n}",
        "F{n}",
        "d{n}",
        "p{n}",
        "string_agg",
        "to_char",
        "result",
        "item",
        "a",
        "t",
    ),
)


def nameless(rng: random.Random) -> str:
    return rng.choice(NAMELESS).format(n=rng.randint(0, 30))


def spell(rng: random.Random, term: str, *, style: str = "") -> str:
    """A term of plain words as a column name: shortened, with something before or after, in one case style."""
    words = [_shorten(rng, word) for word in term.split()]
    if rng.random() < 0.06:
        words.insert(0, rng.choice(_BEFORE))
    if rng.random() < 0.06:
        words.append(rng.choice(_AFTER))
    return cased(words, style or rng.choice(_STYLES))


def style_of(rng: random.Random) -> str:
    return rng.choice(_STYLES)


def _shorten(rng: random.Random, word: str) -> str:
    chance = rng.random()
    if word in SHORT and chance < 0.3:
        return rng.choice(SHORT[word])
    if len(word) > 5 and word.isascii() and chance < 0.36:
        return word[0] + "".join(char for char in word[1:] if char not in "aeiou")
    if len(word) > 6 and word.isascii() and chance < 0.41:
        return word[: rng.randint(4, 5)]
    return word


def cased(words: list[str], style: str) -> str:
    match style:
        case "camel":
            return words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:])
        case "pascal":
            return "".join(word[:1].upper() + word[1:] for word in words)
        case "upper":
            return "_".join(words).upper()
        case "flat":
            return "".join(words)
        case "kebab":
            return "-".join(words)
        case "dotted":
            return ".".join(words)
        case "title":
            return " ".join(word.capitalize() for word in words)
        case _:
            return "_".join(words)
