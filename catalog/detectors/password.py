"""Passwords and their hashes (crypt(3), PHC string format, Django, LDAP RFC 2307, PostgreSQL SCRAM)."""

from __future__ import annotations

import re

from catalog.detectors.base import OPAQUE_BYTES, Detector, terms
from catalog.model import Label

_HASH = re.compile(
    r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{20,}|\$(?:argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d{1,3})?|bcrypt-sha256)\$.{8,}"
    r"|\$(?:1|5|6|7|y|gy|apr1|md5)\$.{8,}|(?:pbkdf2_sha\d{1,3}|bcrypt_sha256|bcrypt|argon2|scrypt)\$.{8,}"
    r"|(?:pbkdf2|scrypt):[a-z0-9]{1,12}:.{8,}|\{(?:SSHA|SHA|CRYPT|SMD5|SSHA\d{3}|PBKDF2[A-Z0-9-]{0,8})\}.{8,}"
    r"|SCRAM-SHA-\d{1,3}\$.{8,}|md5[0-9a-f]{32}"
)


def value(text: str) -> float:
    """1.0 for a password hash that names its scheme; .4 for any other string, which needs a name."""
    if _HASH.fullmatch(text):
        return 1.0
    return 0.4 if 1 <= len(text) <= 1024 else 0.0


PASSWORD = Detector(
    Label.PASSWORD,
    terms(
        (0.95, "password passwd pwd passwordhash passwdhash pwdhash pwhash pw passphrase passhash"),
        (0.95, "hashedpassword userpass"),
        (0.95, "encryptedpassword passworddigest userpassword passwort kennwort contrasena motpasse mdp senha"),
        (0.95, "wachtwoord haslo losenord adgangskode passord salasana sifre parola пароль パスワード 密码 비밀번호"),
        (0.95, "jelszo lozinka kodeord passord heslo geslo katasandi matkhau"),
        (0.9, "pinhash pinnumber passcode otp otpcode securityanswer secretanswer passwordsalt"),
        (0.75, "pin pinnr"),
        (0.6, "pass clave"),
    ),
    value,
    families=OPAQUE_BYTES,
    alone=0.95,
    hard=True,
)
