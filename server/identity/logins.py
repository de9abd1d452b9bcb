"""Log-ins: the unit that tokens belong to, that records are kept by and that can be ended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from sqlalchemy import update

from server.identity.resource import SCOPE
from server.identity.tokens import AccessTokens
from server.identity.users import UserRefused, get_user
from server.store.engine import Store
from server.store.models import Login


def new_login(
    user: str, *, resource: str, now: float, client_id: str = "", client_name: str = "", scope: str = SCOPE
) -> Login:
    """A log-in to be added to the store. Its id is hex, so that it may name a file."""
    return Login(
        id=uuid.uuid4().hex,
        user=user,
        client_id=client_id,
        client_name=client_name,
        scope=scope,
        resource=resource,
        created_at=now,
    )


async def revoke_login(store: Store, login_id: str, reason: str, *, clock: Callable[[], float] = time.time) -> bool:
    """Ends a log-in with all its tokens; False if it had ended or never was. Also call `Verifier.forget(login_id)`."""
    query = update(Login).where(Login.id == login_id, Login.revoked_at.is_(None))
    async with store.session() as session:
        result = await session.execute(query.values(revoked_at=clock(), revoked_reason=reason).returning(Login.id))
        return result.one_or_none() is not None


async def mint_person_token(
    store: Store,
    tokens: AccessTokens,
    user: str,
    *,
    audience: str,
    seconds: float,
    clock: Callable[[], float] = time.time,
) -> str:
    """A token of the person's own (no agent), for the command line or the REST API. Raises `UserRefused`."""
    account = await get_user(store, user)
    if account is None or account.disabled_at is not None:
        raise UserRefused("There is no such account, or it is disabled.")
    login = new_login(account.name, resource=audience, now=clock())
    login_id = login.id
    async with store.session() as session:
        session.add(login)
    await tokens.keys.freshen()
    return tokens.mint(account.name, login_id, audience=audience, seconds=seconds)
