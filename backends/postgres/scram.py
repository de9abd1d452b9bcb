"""SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the client's side, and MD5. No I/O.

RFC 5802 (SCRAM), RFC 7677 (SHA-256), RFC 5929 section 4 (tls-server-end-point), RFC 4013 (SASLprep); PostgreSQL manual,
"SASL Authentication". What the server says is judged before anything is derived from it; AuthenticationFailed carries
no secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import stringprep
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

MECHANISM = "SCRAM-SHA-256"
MECHANISM_PLUS = "SCRAM-SHA-256-PLUS"
MIN_ITERATIONS = 4096  # RFC 7677 section 4: fewer would let a false server guess the password cheaply
MAX_ITERATIONS = 10_000_000  # more is an attack on our processor


class AuthenticationFailed(Exception):
    """The exchange broke a rule, or the other end does not know the password."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What PBKDF2 costs so much to derive: enough to log in, so as secret as the password."""

    client_key: bytes
    server_key: bytes

    def __repr__(self) -> str:
        return "Keys(hidden)"


@dataclass(frozen=True, slots=True)
class Challenge:
    """server-first-message, judged: our nonce continued, salt, iteration count."""

    text: str
    nonce: str
    salt: bytes
    iterations: int


class Exchange:
    """One authentication: `first`, `challenge`, `proof`, `verify`. `binding` is a hash of the server's certificate."""

    def __init__(self, *, nonce: str, binding: bytes | None = None) -> None:
        self.mechanism = MECHANISM if binding is None else MECHANISM_PLUS
        self._nonce = nonce
        self._header = b"n,," if binding is None else b"p=tls-server-end-point,,"
        self._binding = binding or b""
        self._first = f"n=,r={nonce}"  # PostgreSQL takes the user from the StartupMessage
        self._signature: bytes | None = None

    def first(self) -> bytes:
        """client-first-message."""
        return self._header + self._first.encode()

    def challenge(self, message: bytes) -> Challenge:
        """Judge the server-first-message."""
        text = _ascii(message)
        parts = text.split(",")
        if len(parts) < 3 or [part[:2] for part in parts[:3]] != ["r=", "s=", "i="]:
            raise AuthenticationFailed("the server's first SCRAM message is malformed")
        nonce, iterations = parts[0][2:], parts[2][2:]
        if not nonce.startswith(self._nonce) or len(nonce) <= len(self._nonce):
            raise AuthenticationFailed("the server's SCRAM nonce does not continue ours")
        if not iterations.isascii() or not iterations.isdigit() or len(iterations) > 9:
            raise AuthenticationFailed("the server's SCRAM iteration count is not a number")
        if not MIN_ITERATIONS <= int(iterations) <= MAX_ITERATIONS:
            raise AuthenticationFailed(f"the server asks for {iterations} SCRAM iterations; at least 4096 are safe")
        return Challenge(text, nonce, _base64(parts[1][2:]), int(iterations))

    def proof(self, challenge: Challenge, keys: Keys) -> bytes:
        """client-final-message."""
        bound = base64.b64encode(self._header + self._binding).decode()
        unproven = f"c={bound},r={challenge.nonce}"
        message = f"{self._first},{challenge.text},{unproven}".encode()
        stored = hashlib.sha256(keys.client_key).digest()
        signature = _hmac(stored, message)
        proof = bytes(a ^ b for a, b in zip(keys.client_key, signature, strict=True))
        self._signature = _hmac(keys.server_key, message)
        return f"{unproven},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, message: bytes) -> None:
        """Judge the server-final-message: only a server that knows our password's verifier can sign it."""
        text = _ascii(message)
        expected = self._signature
        if expected is None or not text.startswith("v="):
            raise AuthenticationFailed("the server refused or skipped the SCRAM proof")
        if not hmac.compare_digest(_base64(text[2:].split(",")[0]), expected):
            raise AuthenticationFailed("the server's SCRAM signature is wrong: it is not who it claims to be")


def derive(password: str, salt: bytes, iterations: int) -> Keys:
    """PBKDF2, about a millisecond for 4096 iterations; releases the GIL, so run it in a thread."""
    salted = hashlib.pbkdf2_hmac("sha256", prepare(password).encode(), salt, iterations)
    return Keys(_hmac(salted, b"Client Key"), _hmac(salted, b"Server Key"))


def md5(user: str, password: str, salt: bytes) -> str:
    """The answer to AuthenticationMD5Password."""
    inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
    return "md5" + hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()


def prepare(password: str) -> str:
    """SASLprep; as in libpq, a password that it forbids is used as it is."""
    mapped = "".join(_mapped(char) for char in password)
    normal = unicodedata.normalize("NFKC", mapped)
    allowed = normal and not any(rule(char) for rule in _PROHIBITED for char in normal) and _direction_ok(normal)
    return normal if allowed else password


def _mapped(char: str) -> str:
    if stringprep.in_table_c12(char):
        return " "
    return "" if stringprep.in_table_b1(char) else char


_PROHIBITED: tuple[Callable[[str], bool], ...] = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _direction_ok(text: str) -> bool:
    """RFC 3454 section 6: with a right-to-left character, no left-to-right one, and the ends are right-to-left."""
    if not any(stringprep.in_table_d1(char) for char in text):
        return True
    mixed = any(stringprep.in_table_d2(char) for char in text)
    return not mixed and stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _ascii(message: bytes) -> str:
    try:
        return message.decode("ascii")
    except UnicodeDecodeError:
        raise AuthenticationFailed("the server's SCRAM message is not ASCII") from None


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise AuthenticationFailed("the server's SCRAM message is not base64") from None
