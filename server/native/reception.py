"""Stage authenticate at native doors: a token, a native credential, a certificate or a bearer token becomes a Visit.

Whatever is wrong (name, proof, resource, too many attempts), the answer is the same and comes after the same time.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import NameOID
from sqlalchemy import select

from backends.door import LoginRefused, Peer, Verifier
from policy.model import Agent, Identity
from server.identity.throttle import BackOff
from server.identity.tokens import TokenRefused
from server.identity.tokens import Verifier as TokenVerifier
from server.judging import Place
from server.native.credentials import ITERATIONS, credential_name, derive, find_credential, verifier_of
from server.native.visit import Arrival, PipelineVisit
from server.pipeline import Pipeline
from server.recording.recorder import RecordingUnavailable
from server.store.engine import Store, StoreUnavailable
from server.store.models import Login, Setting, User

FAILURE_SECONDS = 0.25
FREE_FAILURES = 20
"""Of one user from one address. Tokens and credentials cannot be guessed; this only keeps a loop from costing much."""
LONGEST_WAIT = 30.0
FREE_OF_ADDRESS, LONGEST_OF_ADDRESS = 200, 5.0
_SALT_KEY = "native_salt_key"

HINT = "Check user, password and resource; a token is made by `warded token create`."

Found = TypeVar("Found")


class _Wrong(Exception):
    """Some part of what was shown does not hold. Which one is nobody's business."""


class Doorkeeper:
    """See `backends.door.Reception`. `admit` is told of every visit that begins; `full` says why somebody may not have
    one more."""

    def __init__(
        self,
        *,
        protocol: str,
        store: Store,
        tokens: TokenVerifier,
        pipeline: Pipeline,
        discovery_url: str,
        scope: str,
        admit: Callable[[PipelineVisit], None],
        full: Callable[[str], str],
        new_id: Callable[[], str],
        clock: Callable[[], float],
        salt_key: bytes,
    ) -> None:
        self.discovery_url, self.scope = discovery_url, scope
        self._protocol, self._store, self._tokens, self._pipeline = protocol, store, tokens, pipeline
        self._admit, self._full, self._new_id, self._clock, self._salt_key = admit, full, new_id, clock, salt_key
        self._failures = BackOff(FREE_FAILURES, LONGEST_WAIT, clock=clock)
        self._addresses = BackOff(FREE_OF_ADDRESS, LONGEST_OF_ADDRESS, clock=clock)

    async def verifier(self, user: str, resource: str, peer: Peer) -> Verifier:
        """Of an unknown name the salt is always the same, as that of a known one is (RFC 5802 section 9)."""
        try:
            found = await find_credential(self._store, user.partition("~")[2])
        except StoreUnavailable:
            found = None
        if found is not None:
            return verifier_of(found[0])
        salt = hmac.digest(self._salt_key, user.encode("utf-8", "surrogatepass"), "sha256")[:16]
        return Verifier(salt, ITERATIONS, secrets.token_bytes(32), secrets.token_bytes(32))

    async def by_scram(self, user: str, resource: str, peer: Peer, *, proven: bool) -> PipelineVisit:
        name, _, credential = user.partition("~")

        async def identify() -> Identity:
            if not proven:
                raise _Wrong
            return await self._of_credential(name, resource, credential)

        return await self._enter(identify, name, resource, peer, proof="credential")

    async def by_password(self, user: str, resource: str, peer: Peer, *, password: str) -> PipelineVisit:
        credential = credential_name(password)

        async def identify() -> Identity:
            if credential:
                await self._check_password(credential, password)
                return await self._of_credential(user, resource, credential)
            return await self._of_token(user, password)

        return await self._enter(identify, user, resource, peer, proof="credential" if credential else "token")

    async def by_token(self, user: str, resource: str, peer: Peer, *, token: str) -> PipelineVisit:
        return await self._enter(lambda: self._of_token(user, token), user, resource, peer, proof="bearer")

    async def by_certificate(self, user: str, resource: str, peer: Peer) -> PipelineVisit | None:
        if peer.certificate is None or user not in names_of(peer.certificate):
            return None
        certificate = peer.certificate

        async def identify() -> Identity:
            return await self._of_certificate(user, certificate)

        return await self._enter(identify, user, resource, peer, proof="certificate")

    # One attempt

    async def _enter(
        self, identify: Callable[[], Awaitable[Identity]], user: str, resource: str, peer: Peer, *, proof: str
    ) -> PipelineVisit:
        loop = asyncio.get_running_loop()
        until, key = loop.time() + FAILURE_SECONDS, f"{peer.host} {user[:128]}"
        try:
            if self._failures.wait(key) or self._addresses.wait(peer.host):
                raise _Wrong
            identity = await identify()
            place = self._place(identity, user, resource)
            if words := self._full(user):
                raise LoginRefused(words)
            visit = PipelineVisit(
                self._pipeline, identity, place, Arrival(self._protocol, proof, peer.host), connection_id=self._new_id()
            )
            await visit.open()
        except (_Wrong, TokenRefused):
            self._failures.failed(key)
            self._addresses.failed(peer.host)
            await asyncio.sleep(until - loop.time())
            raise LoginRefused(HINT) from None
        except (StoreUnavailable, RecordingUnavailable) as problem:
            raise LoginRefused(f"{problem} {problem.remedy}") from None
        self._failures.succeeded(key)
        self._addresses.succeeded(peer.host)
        self._admit(visit)
        return visit

    def _place(self, identity: Identity, user: str, resource: str) -> Place:
        """What is not there and what is not this caller's are answered alike."""
        if identity.user != user:
            raise _Wrong
        judge = self._pipeline.judge
        found = judge.resources.get(resource)
        backend = judge.upstreams.backend(found.kind) if found is not None else None
        if backend is None or backend.front is None or backend.front.protocol != self._protocol:
            raise _Wrong
        place = judge.resolve(identity, backend.verbs[0].name, resource)
        if place is None:
            raise _Wrong
        return place

    # Proofs

    async def _of_token(self, user: str, token: str) -> Identity:
        identity = await self._tokens.verify(token.strip())
        if identity.user != user:
            raise _Wrong
        return identity

    async def _check_password(self, name: str, password: str) -> None:
        """A credential sent in clear; one that does not exist costs as much."""
        found = await find_credential(self._store, name)
        known = verifier_of(found[0]) if found else Verifier(b"\0" * 16, ITERATIONS, b"", b"")
        derived = await asyncio.to_thread(derive, password, known.salt, known.iterations)
        if not hmac.compare_digest(derived.stored_key, known.stored_key):
            raise _Wrong

    async def _of_credential(self, user: str, resource: str, name: str) -> Identity:
        found = await find_credential(self._store, name)
        if found is None:
            raise _Wrong
        row, login = found
        if (row.user, row.resource) != (user, resource) or row.expires_at <= self._clock():
            raise _Wrong
        return await self._of_login(login, expires_at=int(row.expires_at))

    async def _of_certificate(self, user: str, certificate: bytes) -> Identity:
        """One log-in a certificate, so that it can be ended like any other."""
        parsed = x509.load_der_x509_certificate(certificate)
        digest = hmac.digest(self._salt_key, user.encode() + certificate, "sha256").hex()[:32]
        async with self._store.session() as session:
            login = await session.get(Login, digest)
            if login is None and await session.get(User, user) is not None:
                login = Login(
                    id=digest, user=user, client_id="", client_name="", scope="",
                    resource="native certificate", created_at=self._clock(), revoked_reason="",
                )  # fmt: skip
                session.add(login)
        if login is None:
            raise _Wrong
        return await self._of_login(login, expires_at=int(parsed.not_valid_after_utc.timestamp()))

    async def _of_login(self, login: Login, *, expires_at: int) -> Identity:
        async with self._store.session(read_only=True) as session:
            user = await session.get(User, login.user)
        if user is None or user.disabled_at is not None or login.revoked_at is not None:
            raise _Wrong
        return Identity(
            user=user.name,
            session=login.id,
            groups=frozenset(user.groups),
            attributes=MappingProxyType({name: str(value) for name, value in user.attributes.items()}),
            agent=Agent(login.client_id, login.client_name) if login.client_id else None,
            scopes=frozenset(login.scope.split()),
            expires_at=expires_at,
        )


def names_of(certificate: bytes) -> frozenset[str]:
    """Whom a client certificate may speak for: its common name and its e-mail addresses."""
    parsed = x509.load_der_x509_certificate(certificate)
    names = {str(each.value) for each in parsed.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    try:
        alternatives = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names.update(alternatives.get_values_for_type(x509.RFC822Name))
    except x509.ExtensionNotFound:
        pass
    return frozenset(names)


async def salt_key(store: Store) -> bytes:
    """The secret from which salts of unknown names are made; the same on every process and after a restart."""
    async with store.session(read_only=True) as session:
        found = await session.scalar(select(Setting.value).where(Setting.name == _SALT_KEY))
    if found is None:
        found = secrets.token_hex(32)
        async with store.session() as session:
            row = await session.get(Setting, _SALT_KEY)
            if row is None:
                session.add(Setting(name=_SALT_KEY, value=found))
            else:
                found = row.value
    return bytes.fromhex(found)
