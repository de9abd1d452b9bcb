"""SCRAM-SHA-256, the server's side: proves that a client knows a password of which only a verifier is kept. No I/O.

RFC 5802, RFC 7677, RFC 5929 section 4; the client's side is scram.py. AuthenticationFailed carries no secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from backends.door import Verifier
from backends.postgres.scram import MECHANISM, MECHANISM_PLUS, AuthenticationFailed

MAX_MESSAGE = 4096
_MIN_NONCE = 8


class ServerExchange:
    """One authentication: `first` answers the client's first message, `final` judges its proof.

    `nonce` continues the client's; `binding` is the hash of our own certificate, None without TLS.
    """

    def __init__(self, verifier: Verifier, *, nonce: str, binding: bytes | None) -> None:
        self._verifier, self._nonce, self._binding = verifier, nonce, binding
        self._header = b""
        self._said = ""

    @property
    def mechanisms(self) -> tuple[str, ...]:
        return (MECHANISM,) if self._binding is None else (MECHANISM_PLUS, MECHANISM)

    def first(self, mechanism: str, message: bytes) -> bytes:
        """server-first-message."""
        text = _text(message)
        flag, comma, rest = text.partition(",")
        authzid, second, bare = rest.partition(",")
        if not comma or not second or authzid:
            raise AuthenticationFailed("a malformed first SCRAM message")
        self._judge_flag(flag, mechanism)
        nonce = _attribute(bare.split(","), 1, "r")
        if len(nonce) < _MIN_NONCE or not nonce.isascii() or not nonce.isprintable():
            raise AuthenticationFailed("a malformed SCRAM nonce")
        self._header = f"{flag},,".encode()
        self._nonce = nonce + self._nonce
        salt = base64.b64encode(self._verifier.salt).decode()
        answer = f"r={self._nonce},s={salt},i={self._verifier.iterations}"
        self._said = f"{bare},{answer}"
        return answer.encode()

    def final(self, message: bytes) -> bytes:
        """server-final-message, once the proof is right. Raises AuthenticationFailed."""
        text = _text(message)
        unproven, mark, proof = text.rpartition(",p=")
        parts = unproven.split(",")
        if not mark or len(parts) < 2:
            raise AuthenticationFailed("a malformed final SCRAM message")
        bound = self._header + (self._binding or b"" if self._header.startswith(b"p=") else b"")
        right = hmac.compare_digest(_decoded(_attribute(parts, 0, "c")), bound)
        right &= hmac.compare_digest(_attribute(parts, 1, "r").encode(), self._nonce.encode())
        said = f"{self._said},{unproven}".encode()
        signature = hmac.digest(self._verifier.stored_key, said, "sha256")
        given = _decoded(proof)
        if len(given) != len(signature):
            raise AuthenticationFailed("a malformed SCRAM proof")
        key = bytes(a ^ b for a, b in zip(given, signature, strict=True))
        right &= hmac.compare_digest(hashlib.sha256(key).digest(), self._verifier.stored_key)
        if not right:
            raise AuthenticationFailed("the SCRAM proof is wrong")
        return b"v=" + base64.b64encode(hmac.digest(self._verifier.server_key, said, "sha256"))

    def _judge_flag(self, flag: str, mechanism: str) -> None:
        """The channel-binding flag. "y" says that the client could bind and thinks that we cannot: if we can, somebody
        in between took the offer away."""
        if mechanism == MECHANISM_PLUS and self._binding is not None and flag == "p=tls-server-end-point":
            return
        if mechanism != MECHANISM or flag not in {"n", "y"} or (flag == "y" and self._binding is not None):
            raise AuthenticationFailed("the channel binding does not fit")


def _attribute(parts: list[str], index: int, name: str) -> str:
    if index >= len(parts) or not parts[index].startswith(f"{name}="):
        raise AuthenticationFailed(f"the SCRAM attribute {name} is missing")
    return parts[index][2:]


def _text(message: bytes) -> str:
    try:
        text = message.decode("utf-8")
    except UnicodeDecodeError:
        raise AuthenticationFailed("a SCRAM message that is not UTF-8") from None
    if len(text) > MAX_MESSAGE:
        raise AuthenticationFailed("a SCRAM message that is too long")
    return text


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise AuthenticationFailed("a SCRAM attribute that is not base64") from None
