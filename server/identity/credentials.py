"""Random credentials and the fingerprints that the store keeps in their place.

Codes, refresh tokens, client secrets and cookies carry 256 random bits, so a plain SHA-256 is enough to
keep them: there is nothing to guess (passwords, which people choose, are argon2id, see `users`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{43}")


def new_credential() -> str:
    """256 random bits, base64url: 43 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(32)


def fingerprint(credential: str) -> str:
    """SHA-256, hex: what the store keeps."""
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()


def same_secret(given: str, expected: str) -> bool:
    """Equality in constant time, for any text."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))


def is_credential(text: str) -> bool:
    """Whether `text` has the form that `new_credential` makes."""
    return CREDENTIAL.fullmatch(text) is not None
