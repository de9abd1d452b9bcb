"""E-mail addresses (RFC 5321 §4.1.2, internationalised domains included)."""

from __future__ import annotations

import re

from catalog.detectors.base import Detector, terms
from catalog.model import Label

_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}")
_SUFFIX = re.compile(r"[^\W\d_]{2,24}|xn--[a-z0-9-]{2,59}", re.IGNORECASE)


def _is_address(found: str) -> bool:
    suffix = found.rstrip(".").rpartition(".")[2]
    return bool(_SUFFIX.fullmatch(suffix)) and ".." not in found


def value(text: str) -> float:
    """1.0 for one address, with or without a display name or `mailto:`; .8 for a list of them."""
    found = _ADDRESS.findall(text)
    if not found or not all(map(_is_address, found)):
        return 0.0
    if len(found) == 1:
        bare = text.removeprefix("mailto:").strip("<>\"' ")
        return 1.0 if bare == found[0] or text.endswith(f"<{found[0]}>") else 0.2
    return 0.8 if len(text) - sum(map(len, found)) <= 3 * len(found) else 0.2


def within(text: str) -> bool:
    return "@" in text and any(map(_is_address, _ADDRESS.findall(text)))


EMAIL = Detector(
    Label.EMAIL,
    terms(
        (0.95, "email emailaddress emailaddr emailid mail mailaddress mailadresse emailadresse epost epostadresse"),
        (0.95, "correo correoelectronico courriel adressemail adresseelectronique postaelettronica indirizzoemail"),
        (0.95, "useremail custemail emailadres adresemail mailto メール メールアドレス 邮箱 почта элпочта 이메일"),
        (0.6, "cc bcc replyto"),
    ),
    value,
    alone=0.6,
    hard=True,
    within=within,
)
