"""Local accounts: names, groups and passwords (argon2id, RFC 9106)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping

import anyio
from anyio.to_thread import run_sync
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from server.store.engine import Store
from server.store.models import BrowserSession, Login, User

Clock = Callable[[], float]

NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,127}")
GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,127}")
MIN_PASSWORD = 12
MAX_PASSWORD = 1024
HASHER = PasswordHasher()


class UserRefused(ValueError):
    """An account that cannot be made or changed as asked. The message is for the person who asked."""


def account_name(text: str) -> str:
    """The stable form of a user name: lower case. Raises `UserRefused`."""
    name = text.strip().lower()
    if not NAME.fullmatch(name):
        raise UserRefused("A user name is 1 to 128 letters, digits or . _ @ + - and starts with a letter or digit.")
    return name


def check_password(password: str) -> None:
    """Raises `UserRefused` unless the password is long enough (and not absurdly long)."""
    if len(password) < MIN_PASSWORD:
        raise UserRefused(f"A password has at least {MIN_PASSWORD} characters.")
    if len(password) > MAX_PASSWORD:
        raise UserRefused(f"A password has at most {MAX_PASSWORD} characters.")


def group_names(groups: Iterable[str]) -> list[str]:
    """Sorted, without repetition. Raises `UserRefused`."""
    names = sorted(set(groups))
    if any(not GROUP.fullmatch(name) for name in names):
        raise UserRefused("A group name is 1 to 128 letters, digits or . _ : @ + - and starts with a letter or digit.")
    return names


async def add_user(
    store: Store,
    name: str,
    *,
    password: str = "",
    groups: Iterable[str] = (),
    display_name: str = "",
    email: str = "",
    attributes: Mapping[str, str] | None = None,
    clock: Clock = time.time,
) -> User:
    """Makes an account. Without a password nobody can sign in to it. Raises `UserRefused`."""
    user = User(
        name=account_name(name),
        display_name=display_name,
        email=email,
        password_hash=await _hash(password) if password else "",
        groups=group_names(groups),
        attributes=dict(attributes or {}),
        created_at=clock(),
    )
    try:
        async with store.session() as session:
            session.add(user)
            await session.flush()
    except IntegrityError:
        raise UserRefused("This user name is taken.") from None
    return user


async def list_users(store: Store) -> list[User]:
    """Every account, by name."""
    async with store.session(read_only=True) as session:
        return list((await session.scalars(select(User).order_by(User.name))).all())


async def get_user(store: Store, name: str) -> User | None:
    try:
        key = account_name(name)
    except UserRefused:
        return None
    async with store.session(read_only=True) as session:
        return await session.get(User, key)


async def set_password(store: Store, name: str, password: str) -> None:
    """Changes the password and signs every browser of the person out. Raises `UserRefused`."""
    await _change(store, name, {"password_hash": await _hash(password)})
    async with store.session() as session:
        await session.execute(delete(BrowserSession).where(BrowserSession.user == account_name(name)))


async def set_groups(store: Store, name: str, groups: Iterable[str]) -> None:
    """Tokens that live follow within a minute. Raises `UserRefused`."""
    await _change(store, name, {"groups": group_names(groups)})


async def disable_user(store: Store, name: str, *, clock: Clock = time.time) -> None:
    """Locks the account, ends its log-ins and browsers. Also call `Verifier.forget(name)`. Raises `UserRefused`."""
    now = clock()
    await _change(store, name, {"disabled_at": now})
    key = account_name(name)
    ended = update(Login).where(Login.user == key, Login.revoked_at.is_(None))
    async with store.session() as session:
        await session.execute(ended.values(revoked_at=now, revoked_reason="account disabled"))
        await session.execute(delete(BrowserSession).where(BrowserSession.user == key))


async def enable_user(store: Store, name: str) -> None:
    """Unlocks the account; the person signs in anew. Raises `UserRefused`."""
    await _change(store, name, {"disabled_at": None})


async def authenticate(
    store: Store, name: str, password: str, *, limiter: anyio.CapacityLimiter | None = None
) -> User | None:
    """The account, if it is enabled and the password is right.

    An unknown name costs as much time as a wrong password. `limiter` bounds how many hashes (64 MiB each) run at once.
    Slowing down after failures is the caller's: see `throttle.BackOff`.
    """
    if len(password) > MAX_PASSWORD:
        return None
    user = await get_user(store, name)
    stored = user.password_hash if user else ""
    right = await run_sync(_verify, stored, password, limiter=limiter)
    if user is None or user.disabled_at is not None or not right:
        return None
    return user


def _verify(stored: str, password: str) -> bool:
    if not stored:
        HASHER.hash(password)  # the work of a verification, for nothing
        return False
    try:
        return HASHER.verify(stored, password)
    except (Argon2Error, InvalidHashError):
        return False


async def _hash(password: str) -> str:
    check_password(password)
    return await run_sync(HASHER.hash, password)


async def _change(store: Store, name: str, values: dict[str, object]) -> None:
    query = update(User).where(User.name == account_name(name)).values(**values).returning(User.name)
    async with store.session() as session:
        if (await session.execute(query)).one_or_none() is None:
            raise UserRefused("There is no such account.")
