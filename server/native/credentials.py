"""Native credentials: passwords for programs that cannot sign in, one for each person and resource.

Random, shown once, bounded in time, revocable. Only a SCRAM-SHA-256 verifier is kept (RFC 5802 section 3). A credential
is a log-in like any other: records are kept by it, and ending the log-in ends it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update

from backends.door import Verifier
from server.identity.logins import new_login
from server.identity.users import UserRefused, get_user
from server.store.engine import Store
from server.store.models import Login, NativeCredential

ITERATIONS = 4096
"""As PostgreSQL has it. The password holds 256 random bits, so there is nothing to guess."""
PREFIX = "wdn"
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential. `user` is what to log in as, `password` is shown once and kept nowhere."""

    id: str
    user: str
    password: str
    resource: str
    expires_at: float

    def __repr__(self) -> str:
        return f"Issued({self.id!r}, hidden)"


async def issue_credential(
    store: Store, user: str, resource: str, *, seconds: float, agent: str = "", now: float
) -> Issued:
    """Make a credential. With `agent` it is for a program that acts for the person. Raises UserRefused."""
    account = await get_user(store, user)
    if account is None or account.disabled_at is not None:
        raise UserRefused("There is no such account, or it is disabled.")
    name = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    password = f"{PREFIX}_{name}_{secrets.token_urlsafe(32)}"
    client = f"native:{name}" if agent else ""
    login = new_login(account.name, resource=f"native:{resource}", now=now, client_id=client, client_name=agent)
    verifier = derive(password, secrets.token_bytes(16), ITERATIONS)
    row = NativeCredential(
        id=name,
        login_id=login.id,
        user=account.name,
        resource=resource,
        salt=verifier.salt.hex(),
        iterations=verifier.iterations,
        stored_key=verifier.stored_key.hex(),
        server_key=verifier.server_key.hex(),
        created_at=now,
        expires_at=now + seconds,
    )
    async with store.session() as session:
        session.add(login)
        await session.flush()
        session.add(row)
    return Issued(name, f"{account.name}~{name}", password, resource, now + seconds)


async def find_credential(store: Store, name: str) -> tuple[NativeCredential, Login] | None:
    query = select(NativeCredential, Login).join(Login, Login.id == NativeCredential.login_id)
    async with store.session(read_only=True) as session:
        row = (await session.execute(query.where(NativeCredential.id == name))).one_or_none()
    return (row.NativeCredential, row.Login) if row is not None else None


async def list_credentials(store: Store, *, now: float) -> list[NativeCredential]:
    """Those that can still be used, oldest first."""
    query = select(NativeCredential).join(Login, Login.id == NativeCredential.login_id)
    query = query.where(Login.revoked_at.is_(None), NativeCredential.expires_at > now)
    async with store.session(read_only=True) as session:
        return list((await session.scalars(query.order_by(NativeCredential.created_at))).all())


async def revoke_credential(store: Store, name: str, *, reason: str, now: float) -> bool:
    """End it, and the sessions that it opened within seconds. False if it had ended or never was."""
    ids = select(NativeCredential.login_id).where(NativeCredential.id == name)
    query = update(Login).where(Login.id.in_(ids), Login.revoked_at.is_(None))
    async with store.session() as session:
        done = await session.execute(query.values(revoked_at=now, revoked_reason=reason).returning(Login.id))
        return done.one_or_none() is not None


def verifier_of(row: NativeCredential) -> Verifier:
    keys = (bytes.fromhex(each) for each in (row.salt, row.stored_key, row.server_key))
    salt, stored, server = keys
    return Verifier(salt, row.iterations, stored, server)


def derive(password: str, salt: bytes, iterations: int) -> Verifier:
    """A millisecond for 4096 iterations: run it in a thread. Passwords are ASCII, so SASLprep changes nothing."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "surrogatepass"), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    return Verifier(salt, iterations, hashlib.sha256(client).digest(), hmac.digest(salted, b"Server Key", "sha256"))


def credential_name(password: str) -> str:
    """The id that a native credential's password carries, "" if it is none."""
    prefix, _, rest = password.partition("_")
    return rest.partition("_")[0] if prefix == PREFIX else ""
