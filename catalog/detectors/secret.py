"""Credentials of programs: keys and tokens with the prefixes their issuers document, private keys, high entropy."""

from __future__ import annotations

import math
import re
from collections import Counter

from catalog.detectors.base import OPAQUE_BYTES, Detector, terms
from catalog.model import Label

_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[srp]k_(?:live|test)_[A-Za-z0-9]{10,400}|whsec_[A-Za-z0-9+/=]{16,400}"
    r"|gh[pousr]_[A-Za-z0-9]{20,400}|github_pat_[A-Za-z0-9_]{20,400}|gl(?:pat|dt|rt)-[A-Za-z0-9_-]{16,400}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|AIza[A-Za-z0-9_-]{30,400}|ya29\.[A-Za-z0-9_-]{20,400}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,400}|xapp-[A-Za-z0-9-]{10,400}"
    r"|sk-[A-Za-z0-9_-]{20,400}|SG\.[A-Za-z0-9_-]{16,400}\.[A-Za-z0-9_-]{16,400}"
    r"|npm_[A-Za-z0-9]{30,400}|pypi-[A-Za-z0-9_-]{30,400}|hf_[A-Za-z0-9]{30,400}|do[opr]_v1_[a-f0-9]{40,400}"
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{28,400}|hvs\.[A-Za-z0-9_-]{20,400}|key-[a-f0-9]{32}"
    r"|eyJ[A-Za-z0-9_-]{8,400}\.eyJ[A-Za-z0-9_-]{8,400}\.[A-Za-z0-9_-]{4,400}"
    r"|[a-zA-Z][a-zA-Z0-9+]{1,12}://[^\s:/@]{0,64}:[^\s/@]{3,128}@[\w.-]"
    r")|-----BEGIN [A-Z ]{0,30}PRIVATE KEY"
)
_LEAST_BITS = 2.8  # per character; English prose in one word stays near 2.5 at this length


def value(text: str) -> float:
    """1.0 for a known prefix, private key or URL with a password; .6 for a long word of high entropy; .3 for others."""
    if _KEY.search(text):
        return 1.0
    if len(text) >= 16 and " " not in text and _bits(text[:256]) >= _LEAST_BITS:
        return 0.6
    return 0.3 if 6 <= len(text) <= 4096 and not text.isdecimal() else 0.0


def _bits(text: str) -> float:
    """Shannon entropy of the characters, in bits."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())


def within(text: str) -> bool:
    return bool(_KEY.search(text))


SECRET = Detector(
    Label.SECRET,
    terms(
        (0.95, "secret apikey apitoken apisecret accesskey accesstoken refreshtoken authtoken bearertoken idtoken"),
        (0.95, "sessiontoken resettoken clientsecret secretkey privatekey signingkey signingsecret"),
        (0.95, "encryptionkey webhooksecret"),
        (0.95, "sharedsecret totpsecret otpsecret mfasecret recoverycode backupcode credential connectionstring dsn"),
        (0.95, "databaseurl oauthtoken csrftoken devicetoken pushtoken invitetoken verificationtoken"),
        (0.95, "schlussel geheimnis"),
        (0.95, "secretaccesskey sshkey pgpkey masterkey totpseed personalaccesstoken cookie sessioncookie authkey"),
        (0.75, "token jwt bearer auth seed mnemonic salt"),
    ),
    value,
    families=OPAQUE_BYTES,
    alone=0.95,
    hard=True,
    within=within,
)
