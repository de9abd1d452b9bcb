"""What a client asked for, waiting for a person's yes or no; and the code that a yes makes.

A request is answered once: approving and denying delete its row, and only who deleted it goes on. Nothing is
approved silently, whatever was approved before: on one machine, any program could ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp.server.auth.provider import AuthorizationParams, construct_redirect_uri
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.identity.clients import RegisteredClient, label
from server.identity.credentials import fingerprint, is_credential, new_credential
from server.identity.logins import new_login
from server.identity.redirects import is_loopback, redirect_host
from server.store.engine import Store
from server.store.models import AuthorizationCode, AuthorizationRequest, Client, Consent

REQUEST_SECONDS = 600.0
CODE_SECONDS = 120.0
SPENT_CODE_SECONDS = 86400.0  # a spent code is remembered for a day, so that its second use is noticed


@dataclass(frozen=True, slots=True)
class Pending:
    """What the consent page tells. `approved_at`: when this person last approved the same client, UNIX seconds."""

    request_id: str
    client_name: str
    redirect_uri: str
    redirect_host: str
    loopback: bool
    scopes: tuple[str, ...]
    approved_at: float | None


class Consents:
    """Authorization requests from /authorize to the redirect. `issuer` is sent along (RFC 9207)."""

    def __init__(self, store: Store, *, issuer: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._issuer = issuer
        self._clock = clock

    async def open(self, client_id: str, params: AuthorizationParams, *, resource: str) -> str:
        """Keeps a request for ten minutes; returns its id."""
        row = AuthorizationRequest(
            id=new_credential(),
            client_id=client_id,
            params={**params.model_dump(mode="json"), "resource": resource},
            expires_at=self._clock() + REQUEST_SECONDS,
        )
        expired = delete(AuthorizationRequest).where(AuthorizationRequest.expires_at <= self._clock())
        async with self._store.session() as session:
            await session.execute(expired)
            session.add(row)
        return row.id

    async def pending(self, request_id: str, user: str) -> Pending | None:
        """The open request, as `user` is to see it; None if there is none of that id."""
        if not is_credential(request_id):
            return None
        query = select(AuthorizationRequest, Client).join(Client, Client.client_id == AuthorizationRequest.client_id)
        async with self._store.session(read_only=True) as session:
            row = (await session.execute(query.where(AuthorizationRequest.id == request_id))).one_or_none()
            if row is None or row.AuthorizationRequest.expires_at <= self._clock():
                return None
            approved = await session.get(Consent, _consent_key(user, row.AuthorizationRequest))
        client = RegisteredClient.model_validate(row.Client.metadata_json)
        return _pending(row.AuthorizationRequest, label(client), approved.created_at if approved else None)

    async def approve(self, request_id: str, user: str) -> str | None:
        """The redirect that carries a fresh code; None if the request is gone."""
        async with self._store.session() as session:
            request = await self._take(session, request_id)
            if request is None:
                return None
            client = await session.get(Client, request.client_id)
            if client is None:
                return None
            code = await self._grant(session, request, client=client, user=user)
        return self._redirect(request.params, code=code)

    async def deny(self, request_id: str) -> str | None:
        """The redirect that carries the refusal; None if the request is gone."""
        async with self._store.session() as session:
            request = await self._take(session, request_id)
        if request is None:
            return None
        return self._redirect(request.params, error="access_denied", error_description="The person said no.")

    async def _take(self, session: AsyncSession, request_id: str) -> AuthorizationRequest | None:
        if not is_credential(request_id):
            return None
        taken = delete(AuthorizationRequest).where(AuthorizationRequest.id == request_id)
        request = (await session.scalars(taken.returning(AuthorizationRequest))).one_or_none()
        return request if request is not None and request.expires_at > self._clock() else None

    async def _grant(self, session: AsyncSession, request: AuthorizationRequest, *, client: Client, user: str) -> str:
        now, params, code = self._clock(), request.params, new_credential()
        name = label(RegisteredClient.model_validate(client.metadata_json))
        login = new_login(
            user,
            resource=params["resource"],
            now=now,
            client_id=client.client_id,
            client_name=name,
            scope=" ".join(params["scopes"]),
        )
        session.add(login)
        await session.flush()  # the code refers to it
        session.add(
            AuthorizationCode(
                code_hash=fingerprint(code), login_id=login.id, params=params, expires_at=now + CODE_SECONDS
            )
        )
        consent = Consent(**_consent_fields(user, request), created_at=now)
        await session.merge(consent)
        await session.execute(delete(AuthorizationCode).where(AuthorizationCode.expires_at <= now - SPENT_CODE_SECONDS))
        used = update(Client).where(Client.client_id == client.client_id)
        await session.execute(used.values(last_used_at=now))
        return code

    def _redirect(self, params: dict[str, Any], **answer: str) -> str:
        return construct_redirect_uri(params["redirect_uri"], **answer, state=params["state"], iss=self._issuer)


def _consent_fields(user: str, request: AuthorizationRequest) -> dict[str, str]:
    return {
        "user": user,
        "client_id": request.client_id,
        "redirect_host": redirect_host(request.params["redirect_uri"])[:256],
        "scope": " ".join(request.params["scopes"]),
    }


def _consent_key(user: str, request: AuthorizationRequest) -> tuple[str, ...]:
    return tuple(_consent_fields(user, request).values())


def _pending(request: AuthorizationRequest, client_name: str, approved_at: float | None) -> Pending:
    uri = request.params["redirect_uri"]
    return Pending(
        request_id=request.id,
        client_name=client_name,
        redirect_uri=uri,
        redirect_host=redirect_host(uri),
        loopback=is_loopback(uri),
        scopes=tuple(request.params["scopes"]),
        approved_at=approved_at,
    )
