"""The embedded OAuth 2.1 authorization server, behind the official SDK's provider protocol.

Codes and refresh tokens are single-use: spending one is a compare-and-set in the store, and a second use, even a
simultaneous one, ends the log-in with everything issued under it (RFC 9700 §2.1.1 and §4.14).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from mcp.server.auth import provider as sdk
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.config import Config
from server.identity.clients import ClientRegistry, RegisteredClient, label
from server.identity.consents import Consents
from server.identity.credentials import fingerprint, new_credential
from server.identity.logins import revoke_login
from server.identity.resource import same_resource
from server.identity.tokens import AccessTokens, TokenRefused, Verifier
from server.store.engine import Store
from server.store.models import AuthorizationCode, Client, Login, RefreshToken, User

S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_STATE = 4096

log = structlog.get_logger("warded.identity")


class GrantedCode(sdk.AuthorizationCode):
    """A code that may be exchanged once. `expires_at` is infinite: our clock has judged it, the SDK's does not."""

    login_id: str


class GrantedRefresh(sdk.RefreshToken):
    """A refresh token that may be exchanged once."""

    login_id: str


class GrantedAccess(sdk.AccessToken):
    """A live access token of an OAuth client."""

    login_id: str


class AuthorizationServer(sdk.OAuthAuthorizationServerProvider[GrantedCode, GrantedRefresh, GrantedAccess]):
    """Issues tokens for the MCP endpoint. `verifiers` are told of every log-in that ends here."""

    def __init__(
        self,
        store: Store,
        tokens: AccessTokens,
        verifiers: Sequence[Verifier],
        *,
        config: Config,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._verifiers = tuple(verifiers)
        self._config = config
        self._clock = clock
        self.clients = ClientRegistry(store, clock=clock)
        self.consents = Consents(store, issuer=config.server.public_url, clock=clock)

    async def get_client(self, client_id: str) -> RegisteredClient | None:
        return await self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        await self.clients.register(client_info)
        log.info("client registered", client_id=client_info.client_id, client_name=client_info.client_name)

    async def authorize(self, client: OAuthClientInformationFull, params: sdk.AuthorizationParams) -> str:
        """Keeps the request and sends the browser to the consent page."""
        if params.resource is not None and not same_resource(params.resource, self._config.mcp_url):
            raise sdk.AuthorizeError("invalid_target", f"This server issues tokens for {self._config.mcp_url} only.")
        if not S256_CHALLENGE.fullmatch(params.code_challenge):
            raise sdk.AuthorizeError("invalid_request", "code_challenge is not an S256 challenge (RFC 7636 §4.2).")
        if params.state is not None and len(params.state) > MAX_STATE:
            raise sdk.AuthorizeError("invalid_request", f"state is longer than {MAX_STATE} characters.")
        request_id = await self.consents.open(client.client_id, params, resource=self._config.mcp_url)
        return f"/consent?request={request_id}"

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> GrantedCode | None:
        code_hash = fingerprint(authorization_code)
        query = select(AuthorizationCode, Login, User).join(Login, Login.id == AuthorizationCode.login_id)
        row = await self._one(query.join(User, User.name == Login.user), AuthorizationCode.code_hash == code_hash)
        if row is None or row.Login.client_id != client.client_id:
            return None
        if row.AuthorizationCode.used_at is not None:
            await self._end(row.Login.id, "authorization code used twice")
            return None
        if row.AuthorizationCode.expires_at <= self._clock() or not _alive(row.Login, row.User):
            return None
        params = row.AuthorizationCode.params
        return GrantedCode(
            code=authorization_code,
            scopes=params["scopes"],
            expires_at=math.inf,
            client_id=client.client_id,
            code_challenge=params["code_challenge"],
            redirect_uri=params["redirect_uri"],
            redirect_uri_provided_explicitly=params["redirect_uri_provided_explicitly"],
            resource=row.Login.resource,
            subject=row.Login.user,
            login_id=row.Login.id,
        )

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: GrantedCode
    ) -> OAuthToken:
        spent = update(AuthorizationCode).where(
            AuthorizationCode.code_hash == fingerprint(authorization_code.code), AuthorizationCode.used_at.is_(None)
        )
        spend = spent.values(used_at=self._clock()).returning(AuthorizationCode.login_id)
        return await self._exchange(client, authorization_code, spend=spend, scopes=authorization_code.scopes)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> GrantedRefresh | None:
        token_hash = fingerprint(refresh_token)
        query = select(RefreshToken, Login, User).join(Login, Login.id == RefreshToken.login_id)
        row = await self._one(query.join(User, User.name == Login.user), RefreshToken.token_hash == token_hash)
        if row is None or row.Login.client_id != client.client_id:
            return None
        if row.RefreshToken.used_at is not None:
            await self._end(row.Login.id, "refresh token used twice")
            return None
        if row.RefreshToken.expires_at <= self._clock() or not _alive(row.Login, row.User):
            return None
        return GrantedRefresh(
            token=refresh_token,
            client_id=client.client_id,
            scopes=row.Login.scope.split(),
            resource=row.Login.resource,
            subject=row.Login.user,
            login_id=row.Login.id,
        )

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: GrantedRefresh, scopes: list[str]
    ) -> OAuthToken:
        spent = update(RefreshToken).where(
            RefreshToken.token_hash == fingerprint(refresh_token.token), RefreshToken.used_at.is_(None)
        )
        spend = spent.values(used_at=self._clock()).returning(RefreshToken.login_id)
        return await self._exchange(client, refresh_token, spend=spend, scopes=scopes)

    async def load_access_token(self, token: str) -> GrantedAccess | None:
        for verifier in self._verifiers:
            try:
                identity = await verifier.verify(token)
            except TokenRefused:
                continue
            client_id = identity.agent.client_id if identity.agent else ""
            return GrantedAccess(token="", client_id=client_id, scopes=[], login_id=identity.session)
        return None

    async def revoke_token(self, token: GrantedAccess | GrantedRefresh) -> None:
        """Ends the whole log-in, whichever of its tokens was given (RFC 7009 §2.1)."""
        await self._end(token.login_id, "revoked by the client")

    async def _one(self, query: Any, condition: Any) -> Any:
        async with self._store.session(read_only=True) as session:
            return (await session.execute(query.where(condition))).one_or_none()

    async def _end(self, login_id: str, reason: str) -> None:
        if await revoke_login(self._store, login_id, reason, clock=self._clock):
            log.warning("login ended", session=login_id, reason=reason)
        for verifier in self._verifiers:
            verifier.forget(login_id)

    async def _exchange(
        self, client: OAuthClientInformationFull, grant: GrantedCode | GrantedRefresh, *, spend: Any, scopes: list[str]
    ) -> OAuthToken:
        async with self._store.session() as session:
            won = (await session.execute(spend)).one_or_none() is not None
            refresh = await self._next_refresh(session, client, grant.login_id) if won else None
        if not won:
            await self._end(grant.login_id, "used twice at the same time")
            raise sdk.TokenError("invalid_grant", "This grant has been used. Sign in again.")
        await self._tokens.keys.freshen()
        seconds = self._config.identity.access_token_seconds
        access = self._tokens.mint(
            grant.subject or "",
            grant.login_id,
            audience=grant.resource or "",
            seconds=seconds,
            client_id=client.client_id,
            client_name=label(client),
            scope=" ".join(scopes),
        )
        return OAuthToken(access_token=access, expires_in=seconds, scope=" ".join(scopes), refresh_token=refresh)

    async def _next_refresh(
        self, session: AsyncSession, client: OAuthClientInformationFull, login_id: str
    ) -> str | None:
        now = self._clock()
        expired = delete(RefreshToken).where(RefreshToken.login_id == login_id, RefreshToken.expires_at <= now)
        await session.execute(expired)
        await session.execute(update(Client).where(Client.client_id == client.client_id).values(last_used_at=now))
        if "refresh_token" not in client.grant_types:
            return None
        token = new_credential()
        life = self._config.identity.refresh_token_seconds
        session.add(RefreshToken(token_hash=fingerprint(token), login_id=login_id, expires_at=now + life))
        return token


def _alive(login: Login, user: User) -> bool:
    return login.revoked_at is None and user.disabled_at is None
