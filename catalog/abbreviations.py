"""Shortened words of column names spelled out: `cc_sec_cd` reads `cc security code`, `nmbr` reads `number`.

Three ways people shorten: listed abbreviations, vowels dropped, the end cut off. A doubled letter more or less is the
same word. What could be two words stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

LISTED: Mapping[str, str] = MappingProxyType(
    {
        "number": "no num nr nbr nmbr numb nro nbre no numr",
        "code": "cd cde",
        "security": "sec secur scty secu",
        "verification": "verif vrf vfy verf verifn vrfn vrfy",
        "validation": "valid vldn",
        "expiry": "exp expy expr",
        "account": "acct acc ac acnt accnt accn a/c",
        "routing": "rtg rtng rtn rout",
        "license": "lic licence lics lcns lnc licn",
        "driver": "drv drvr drvg driving drivers",
        "insurance": "ins insur insr insce",
        "insured": "insd insrd",
        "member": "mbr memb mem mmbr mbrshp",
        "subscriber": "subscr sbscr subs sbr subscrb",
        "policy": "pol plcy",
        "patient": "pt pat ptnt",
        "medical": "med mdcl medl",
        "record": "rec rcd recd rcrd",
        "health": "hlth hlt hea",
        "diagnosis": "diag dx diagn dgns",
        "passport": "pp ppt pspt psp passp",
        "national": "nat natl ntnl nation",
        "identity": "ident idty idnt",
        "identification": "identif idn",
        "government": "gov govt",
        "social": "soc scl",
        "taxpayer": "taxp txpyr",
        "personal": "pers prsnl",
        "telephone": "tele tph",
        "phone": "ph phn fon fone phne",
        "mobile": "mob mbl mobl",
        "address": "addr adr adrs addrs add adrr",
        "postal": "pstl postl",
        "postcode": "pcode pcd pstcd",
        "email": "eml emal",
        "birth": "brth bth brt",
        "date": "dt dte dat",
        "name": "nm nme nam",
        "first": "fst frst",
        "last": "lst",
        "middle": "mid mdl",
        "family": "fam fmly",
        "given": "gvn giv",
        "customer": "cust cst cstmr cus",
        "employee": "emp empl emply ee",
        "beneficiary": "benef bnf bnfcry bene",
        "holder": "hldr hld",
        "card": "crd",
        "credit": "cr crdt cred",
        "debit": "dbt deb",
        "bank": "bnk bk",
        "password": "pwd pswd psw passwd pword paswd pwrd",
        "secret": "scrt secr",
        "token": "tok tkn tk",
        "access": "accs acs",
        "private": "priv prv pvt",
        "hash": "hsh",
        "latitude": "ltd latit",
        "longitude": "lngt longit",
        "recovery": "recov rcvry",
        "nummer": "nummr",
        "numero": "numer",
        "konto": "kto",
        "telefon": "telef tlfn",
        "telefono": "telf tfno",
        "adresse": "adrss adress",
        "nachname": "nachn",
        "vorname": "vorn",
        "geburtsdatum": "gebdat gebdatum gebd",
        "nacimiento": "nacim nac",
        "naissance": "naiss",
        "nascimento": "nasc",
        "apellido": "apell ape",
        "tarjeta": "tarj tjta",
        "cuenta": "cta cuen",
        "contrasena": "contras",
        "passwort": "passw pwort",
        "karte": "krt",
        "carte": "crte",
        "codigo": "cod",
        "seguridad": "seg segur",
        "fecha": "fec fch",
        "correo": "corr",
    }
)
"""Word → the ways it is shortened."""
_SHORTS: Mapping[str, str] = MappingProxyType(
    {short: word for word, shorts in LISTED.items() for short in shorts.split()}
)
_CUT = 4  # letters that a word keeps at least when its end is cut off


def _skeleton(word: str) -> str:
    """Without vowels after the first letter and without doubled letters."""
    return _single(word[:1] + "".join(char for char in word[1:] if char not in "aeiou"))


def _single(word: str) -> str:
    return "".join(char for char, _run in groupby(word))


def _only(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Keys that stand for a single word."""
    found: dict[str, str] = {}
    for key, word in pairs:
        found[key] = word if found.get(key, word) == word else ""
    return MappingProxyType({key: word for key, word in found.items() if word})


_SKELETONS = _only((_skeleton(word), word) for word in LISTED if len(_skeleton(word)) > 2)
_SINGLES = _only((_single(word), word) for word in LISTED if len(word) > 5)
_STARTS = _only((word[:end], word) for word in LISTED for end in range(_CUT, len(word)))


def spelled_out(words: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The words with shortened ones in full; one word for each, in order. Words of `known` are only looked up."""
    return tuple(_full(word, known) for word in words)


def _full(word: str, known: Collection[str]) -> str:
    if listed := _SHORTS.get(word):
        return listed
    if word in known or len(word) < 3 or not word.isascii():
        return word
    if _skeleton(word) == _single(word) and (whole := _SKELETONS.get(_single(word))):
        return whole
    return _STARTS.get(word) or _SINGLES.get(_single(word)) or word
