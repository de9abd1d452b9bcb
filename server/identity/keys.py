"""The ES256 keys that sign access tokens (RFC 7518 §3.4), kept in the store and named by thumbprint (RFC 7638)."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import select, update

from server.store.engine import Store
from server.store.models import SigningKey

RELOAD_SECONDS = 30.0
FRESH_SECONDS = 60.0


class SigningKeys:
    """The newest key signs; older ones verify until they retire. Make one with `load_keys`.

    A key id that is not known makes the store be read again, at most every 30 s, so a made-up `kid` costs nothing.
    """

    def __init__(self, store: Store, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._keys: dict[str, tuple[ec.EllipticCurvePrivateKey, float | None]] = {}
        self._current = ""
        self._read_at = 0.0

    @property
    def current(self) -> tuple[str, ec.EllipticCurvePrivateKey]:
        """Key id and private key that sign now."""
        return self._current, self._keys[self._current][0]

    def public_key(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """The key that verifies, or None if it is unknown or retired."""
        key, retired_at = self._keys.get(kid, (None, None))
        if key is None or (retired_at is not None and retired_at <= self._clock()):
            return None
        return key.public_key()

    async def find(self, kid: str) -> ec.EllipticCurvePublicKey | None:
        """As `public_key`, looking into the store for keys that another process made."""
        if kid not in self._keys and self._clock() - self._read_at >= RELOAD_SECONDS:
            await self.reload()
        return self.public_key(kid)

    async def freshen(self) -> None:
        """Reads the store again when that is long ago, so that a rotation elsewhere is followed before signing."""
        if self._clock() - self._read_at >= FRESH_SECONDS:
            await self.reload()

    async def reload(self) -> None:
        async with self._store.session(read_only=True) as session:
            rows = list((await session.scalars(select(SigningKey).order_by(SigningKey.created_at))).all())
        self._keys = {row.kid: (_private_key(row.private_pem), row.retired_at) for row in rows}
        self._current = next((row.kid for row in reversed(rows) if row.retired_at is None), "")
        self._read_at = self._clock()


async def load_keys(store: Store, *, clock: Callable[[], float] = time.time) -> SigningKeys:
    """The installation's keys; makes the first one."""
    keys = SigningKeys(store, clock=clock)
    await keys.reload()
    if not keys._current:
        await add_key(store, clock=clock)
        await keys.reload()
    return keys


async def add_key(store: Store, *, clock: Callable[[], float] = time.time) -> str:
    """Stores a new key, which signs from now on; returns its id."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    row = SigningKey(kid=thumbprint(key.public_key()), private_pem=pem, created_at=clock())
    async with store.session() as session:
        session.add(row)
    return row.kid


async def rotate_keys(store: Store, *, overlap_seconds: float, clock: Callable[[], float] = time.time) -> str:
    """Makes a new key; the old ones verify for another `overlap_seconds` (give the life of your longest token)."""
    kid = await add_key(store, clock=clock)
    retires = update(SigningKey).where(SigningKey.kid != kid, SigningKey.retired_at.is_(None))
    async with store.session() as session:
        await session.execute(retires.values(retired_at=clock() + overlap_seconds))
    return kid


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """RFC 7638 thumbprint: base64url SHA-256 of the canonical JWK."""
    numbers = key.public_numbers()
    x, y = (_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    jwk = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return _base64url(hashlib.sha256(jwk.encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _private_key(pem: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("A signing key in the store is not an ES256 key.")
    return key
