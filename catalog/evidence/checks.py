"""What confirms a candidate: check digits, issuer prefixes, the word before it. Each check is total.

A check gets the whole text and the span that a pattern found; it returns the span to hide, or None.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections import Counter
from collections.abc import Callable

from catalog.detectors import credit_card, iban, phone, ssn
from catalog.detectors.base import digits_of

Span = tuple[int, int]
Check = Callable[[str, int, int], Span | None]

NEAR = 40  # characters before a value in which a word explains it
_NUMBERED = (
    "order",
    "ticket",
    "track",
    "parcel",
    "shipment",
    "sku",
    "serial",
    "invoice",
    "sscc",
    "waybill",
    "build",
)
_CARD_WORDS = ("card", "visa", "master", "amex", "credit", "debit", "kart", "tarjeta", "carte", "carta", "cartao")
_PAY_WORDS = (*_CARD_WORDS, "pan", "cc", "pay", "paid", "charge", "billing", "cvv", "expir")
_SSN_WORDS = ("ssn", "social sec", "socialsec", "soc sec", "social_sec", "tax id", "taxpayer", "itin", "ss#", "ss #")
_NOT_MAIL = frozenset(
    [
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "ico",
        "css",
        "js",
        "mjs",
        "ts",
        "tsx",
        "py",
        "go",
        "rs",
        "rb",
        "md",
        "txt",
        "json",
        "yaml",
        "yml",
        "html",
        "pdf",
        "zip",
    ]
)
_INNER = frozenset(["internal", "local", "lan", "svc", "localdomain", "cluster", "invalid"])
_EMPTY = frozenset(
    [
        "null",
        "none",
        "nil",
        "true",
        "false",
        "undefined",
        "unset",
        "empty",
        "changeme",
        "redacted",
        "masked",
        "hidden",
        "required",
        "optional",
        "string",
        "str",
        "text",
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "value",
        "placeholder",
        "yes",
        "no",
        "missing",
        "invalid",
        "expired",
        "incorrect",
        "wrong",
        "changed",
        "reset",
        "failed",
        "accepted",
        "ok",
        "rejected",
        "prompt",
        "input",
        "env",
        "file",
        "vault",
        "default",
        "unknown",
    ]
)
_IBANS = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29
ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20
LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29
PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20
YE30
"""
_IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBANS.split()}
"""Characters of an IBAN by country (SWIFT, IBAN registry)."""


def whole(text: str, start: int, end: int) -> Span | None:
    """Anything not glued to a word before it."""
    return None if start and (text[start - 1].isalnum() or text[start - 1] == "_") else (start, end)


def email(text: str, start: int, end: int) -> Span | None:
    """RFC 5321 in shape; not a picture's name (`logo@2x.png`), an inner host, or the user of a git URL."""
    mailbox, _at, rest = text[start:end].partition("@")
    mailbox = mailbox[max(mailbox.rfind(mark) for mark in "'=/&?|`*{}!#$~^") + 1 :]
    domain = rest.rstrip(".-_*'")
    labels = domain.split(".")
    suffix = labels[-1].lower()
    if not mailbox or len(labels) < 2 or suffix in _NOT_MAIL or suffix in _INNER or mailbox == "git":
        return None
    if not all(labels) or not (suffix.isalpha() or suffix.startswith("xn--")) or not 2 <= len(suffix) <= 63:
        return None
    if not any(char.isalnum() for char in mailbox) or not all(char.isalnum() or char in "-_." for char in domain):
        return None
    at = start + text[start:end].index("@")
    if text[at + 1 + len(domain) :][:2] in (":~", ":/"):  # a shell's prompt or a path on a host
        return None
    return at - len(mailbox), at + 1 + len(domain)


def account(text: str, start: int, end: int) -> Span | None:
    """An IBAN of a country's length whose check digits agree; what follows in capitals is left out."""
    if whole(text, start, end) is None:
        return None
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
    at = [place for place in range(start, end) if text[place] != " "][:length]
    if not length or len(at) < length or _follows(text, at[-1] + 1):
        return None
    return (start, at[-1] + 1) if iban.value(text[start : at[-1] + 1].upper()) == 1.0 else None


def _follows(text: str, end: int) -> bool:
    return end < len(text) and (text[end].isalnum() or text[end] == "_")


def card(text: str, start: int, end: int) -> Span | None:
    """Issuer prefix, length and Luhn; not after a word of parcels. Rare lengths need a word of cards before them."""
    if (
        whole(text, start, end) is None
        or _follows(text, end)
        or text[start - 1 : start] in ("-", ".")
        or _decimal(text, end)
    ):
        return None
    digits, before = digits_of(text[start:end]), text[max(0, start - NEAR) : start].lower()
    if credit_card.value(digits) != 1.0 or any(word in before for word in _NUMBERED):
        return None
    usual = (len(digits) == 16 and digits[0] in "23456") or (len(digits) == 15 and digits[:2] in ("34", "37"))
    grouped = len(digits) < end - start
    if (
        usual
        and (grouped or (digits[0] in "2345" and digits[:2] not in ("50",)))
        and digits[:2] not in ("61", "63", "67")
    ):
        return start, end
    return (start, end) if any(word in before for word in _PAY_WORDS) else None


def _decimal(text: str, end: int) -> bool:
    return text[end : end + 1] in (".", "-") and text[end + 1 : end + 2].isdecimal()


def social_security(text: str, start: int, end: int) -> Span | None:
    """The shape and its rules, and a word for it near by: SKUs look the same."""
    if whole(text, start, end) is None or _follows(text, end) or ssn.value(text[start:end]) < 0.4:
        return None
    near = text[max(0, start - NEAR) : start].lower()
    return (start, end) if any(word in near for word in _SSN_WORDS) else None


def telephone(text: str, start: int, end: int) -> Span | None:
    """E.164 (ITU-T) valid in its numbering plan; trailing groups that make it too long are dropped."""
    if start and (text[start - 1].isalnum() or text[start - 1] in "+_"):
        return None
    found = text[start:end].rstrip(" ().-/")
    while len(digits_of(found)) >= 8:
        if phone.value(found) == 1.0 and not _follows(text, start + len(found)):
            return start, start + len(found)
        cut = max(found.rfind(mark) for mark in " -./")
        found = found[:cut].rstrip(" ().-/") if cut > 0 else ""
    return None


def web_token(text: str, start: int, end: int) -> Span | None:
    """A JSON web token (RFC 7519): the first part is base64url of an object that names an algorithm."""
    head = text[start:end].partition(".")[0]
    try:
        header = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return None
    return (start, end) if header.startswith(b"{") and b'"alg"' in header else None


def private_key(text: str, start: int, end: int) -> Span:
    """From BEGIN to the end of the END line (RFC 7468); to the end of the text when there is none."""
    stop = text.find("-----END", end)
    if stop < 0:
        return start, len(text)
    close = text.find("-----", stop + 8)
    return start, len(text) if close < 0 else close + 5


def password(text: str, start: int, end: int) -> Span | None:
    """The value of an assignment, unless it is a placeholder, a variable or a plain word of prose."""
    found = _unquoted(text, start, end)
    if found is None:
        return None
    value = text[found[0] : found[1]]
    kinds = _kinds(value)
    told = text[max(0, found[0] - 2) : found[0]].strip()[-1:] in ("=", '"', "'", "")
    enough = kinds >= 2 or (told and len(value) >= 6)
    return found if len(value) >= 4 and enough and not _hollow(value) else None


def opaque(text: str, start: int, end: int) -> Span | None:
    """The value of an assignment to a token or key: long and of high entropy."""
    found = _unquoted(text, start, end)
    if found is None:
        return None
    value = text[found[0] : found[1]]
    random = len(value) >= 12 and _kinds(value) >= 2 and any(char.isdecimal() for char in value) and bits(value) >= 2.8
    return found if random and not _hollow(value) else None


def _unquoted(text: str, start: int, end: int) -> Span | None:
    while end > start and text[end - 1] in "\"'`,;)]}>.":
        end -= 1
    while start < end and text[start] in "\"'`":
        start += 1
    return (start, end) if start < end else None


def _hollow(value: str) -> bool:
    if value[0] in "<${[%*(" or value.startswith(("xxx", "XXX", "...", "env:", "file:", "vault:", "aws-sm:", "****")):
        return True
    return value.lower().strip("_-") in _EMPTY or not any(char.isalnum() for char in value)


def _kinds(value: str) -> int:
    tests = (str.islower, str.isupper, str.isdecimal, lambda char: not char.isalnum())
    return sum(any(test(char) for char in value) for test in tests)


def bits(text: str) -> float:
    """Shannon entropy of the characters, in bits."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values()) if total else 0.0
