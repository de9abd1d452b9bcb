"""Access tokens: ES256 JWTs of type `at+jwt` (RFC 9068) that name a person, an agent and a log-in.

A token proves nothing beyond its log-in: the verifier looks the log-in and the account up, and remembers
the answer for at most a minute, so a revoked log-in or a disabled account stops within that time everywhere
and at once in the process that was told (`Verifier.forget`).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from policy.model import Agent, Identity
from server.identity.keys import SigningKeys
from server.identity.resource import SCOPE
from server.store.engine import Store
from server.store.models import Login, User

ALGORITHM = "ES256"
TYPE = "at+jwt"
MAX_BYTES = 8192
LEEWAY_SECONDS = 10.0
CACHE_SECONDS = 60.0
TEXT_CLAIMS = ("iss", "sub", "client_id", "scope", "sid", "jti")
NO_CHECKS = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


class TokenRefused(Exception):
    """A request without a usable access token. `description` is public and never holds any part of the token."""

    def __init__(self, code: Literal["invalid_token", "missing"], description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class AccessTokens:
    """Mints access tokens under the newest key. `issuer` is the public URL, byte for byte."""

    def __init__(self, keys: SigningKeys, *, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self.keys = keys
        self._issuer = issuer
        self._clock = clock

    def mint(
        self,
        user: str,
        login_id: str,
        *,
        audience: str,
        seconds: float,
        client_id: str = "",
        client_name: str = "",
        scope: str = SCOPE,
    ) -> str:
        """A signed token. Without `client_id` it is the person's own, not an agent's."""
        now = int(self._clock())
        claims = {
            "iss": self._issuer,
            "sub": user,
            "aud": audience,
            "iat": now,
            "exp": now + int(seconds),
            "jti": secrets.token_urlsafe(16),
            "client_id": client_id,
            "client_name": client_name,
            "scope": scope,
            "sid": login_id,
        }
        kid, key = self.keys.current
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": kid})


class Verifier:
    """Turns an access token into the `Identity` it stands for, or raises `TokenRefused`.

    One audience each: the MCP endpoint and the REST API have a verifier of their own. Raises `StoreUnavailable`
    when neither the cache nor the store can answer.
    """

    def __init__(
        self,
        keys: SigningKeys,
        store: Store,
        *,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
        cache_size: int = 4096,
    ) -> None:
        self._keys = keys
        self._store = store
        self._issuer = issuer
        self._audiences = frozenset({audience, audience.removesuffix("/"), f"{audience.removesuffix('/')}/"})
        self._clock = clock
        self._cache: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._cache_size = cache_size
        self._forgotten = 0

    async def verify(self, token: str) -> Identity:
        if not token:
            raise TokenRefused("missing", "No access token was sent.")
        if len(token) > MAX_BYTES:
            raise refused("The token is longer than 8 KiB.")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known, until = self._cache.get(digest, (None, 0.0))
        if known is not None and self._clock() < until:
            self._cache.move_to_end(digest)
            return known
        return await self._verify(token, digest)

    async def _verify(self, token: str, digest: bytes) -> Identity:
        forgotten = self._forgotten
        claims = await self._claims(token)
        identity = await self._identity(claims)
        if forgotten == self._forgotten:  # a revocation that came while the store was read wins
            self._remember(digest, identity, claims["exp"] + LEEWAY_SECONDS)
        return identity

    async def _claims(self, token: str) -> Mapping[str, Any]:
        key = await self._keys.find(key_id(token))
        if key is None:
            raise refused("The token was signed by an unknown key.")
        claims = signed_claims(token, key)
        check_claims(claims, issuer=self._issuer, audiences=self._audiences, now=self._clock())
        return claims

    async def _identity(self, claims: Mapping[str, Any]) -> Identity:
        query = select(Login, User).join(User, User.name == Login.user).where(Login.id == claims["sid"])
        async with self._store.session(read_only=True) as session:
            row = (await session.execute(query)).one_or_none()
        if row is None or row.Login.user != claims["sub"] or row.Login.client_id != claims["client_id"]:
            raise refused("The log-in of this token does not exist.")
        if row.User.disabled_at is not None:
            raise refused("The account is disabled.")
        if row.Login.revoked_at is not None:
            raise refused("The log-in has been ended. Sign in again.")
        return identity_of(row.User, claims)

    def _remember(self, digest: bytes, identity: Identity, expiry: float) -> None:
        self._cache[digest] = (identity, min(self._clock() + CACHE_SECONDS, expiry))
        if len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)

    def forget(self, name: str) -> None:
        """Drops what is remembered of a log-in (its id) or of a person (the user name)."""
        self._forgotten += 1
        stale = [key for key, (known, _) in self._cache.items() if name in (known.session, known.user)]
        for key in stale:
            del self._cache[key]


def refused(description: str) -> TokenRefused:
    return TokenRefused("invalid_token", description)


def key_id(token: str) -> str:
    """The `kid` of an access token's header. Keys in the header (`jwk`, `jku`, `x5u`, `x5c`) are never looked at."""
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError, RecursionError):  # deeply nested JSON exhausts the parser
        raise refused("The token is malformed.") from None
    if header.get("alg") != ALGORITHM:  # RFC 8725 §3.1: the algorithm is ours to choose, not the token's
        raise refused("The token is signed in a way that is not accepted.")
    if str(header.get("typ")).lower() != TYPE:  # RFC 8725 §3.11: an ID token is no access token
        raise refused("The token is not an access token.")
    if "crit" in header or not isinstance(header.get("kid"), str):
        raise refused("The token was signed by an unknown key.")
    return str(header["kid"])


def signed_claims(token: str, key: ec.EllipticCurvePublicKey) -> Mapping[str, Any]:
    """The claims, once the signature holds. Times and names are judged by `check_claims`, on our clock."""
    try:
        return jwt.decode(token, key, algorithms=[ALGORITHM], options=NO_CHECKS)  # type: ignore[arg-type]
    except jwt.InvalidSignatureError:
        raise refused("The token's signature is wrong.") from None
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        raise refused("The token is malformed.") from None


def check_claims(claims: Mapping[str, Any], *, issuer: str, audiences: frozenset[str], now: float) -> None:
    """Raises `TokenRefused` unless the claims are complete, ours, for this resource and of this time (RFC 9068 §4)."""
    if any(not isinstance(claims.get(name), str) for name in TEXT_CLAIMS) or not (claims["sub"] and claims["sid"]):
        raise refused("The token lacks a claim that it must carry.")
    if any(type(claims.get(name, 0)) is not int for name in ("exp", "nbf", "iat")) or "exp" not in claims:
        raise refused("The token lacks a claim that it must carry.")
    if claims["iss"] != issuer:
        raise refused("The token comes from another issuer.")
    if not isinstance(claims.get("aud"), str) or claims["aud"] not in audiences:
        raise refused("The token was issued for another resource.")
    if claims["exp"] + LEEWAY_SECONDS <= now:
        raise refused("The token has expired.")
    if max(claims.get("nbf", 0), claims.get("iat", 0)) > now + LEEWAY_SECONDS:
        raise refused("The token is not valid yet.")


def identity_of(user: User, claims: Mapping[str, Any]) -> Identity:
    """Groups and attributes come from the account, never from the token: they change while tokens live."""
    client_id = claims["client_id"]
    return Identity(
        user=user.name,
        session=claims["sid"],
        groups=frozenset(user.groups),
        attributes=MappingProxyType({name: str(value) for name, value in user.attributes.items()}),
        agent=Agent(client_id, str(claims.get("client_name", ""))) if client_id else None,
        scopes=frozenset(claims["scope"].split()),
        expires_at=claims["exp"],
    )
