"""OAuth clients that registered themselves (RFC 7591). Everything they say of themselves is unverified."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

from mcp.server.auth.provider import RegistrationError
from mcp.shared.auth import InvalidRedirectUriError, InvalidScopeError, OAuthClientInformationFull
from pydantic import AnyUrl
from sqlalchemy import delete

from server.identity.credentials import fingerprint
from server.identity.redirects import redirect_problem, same_redirect
from server.identity.resource import SCOPE
from server.store.engine import Store
from server.store.models import Client

UNUSED_SECONDS = 3600.0
MAX_REDIRECTS = 10
MAX_NAME = 100
GRANTS = frozenset({"authorization_code", "refresh_token"})
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # also what reorders text (U+202E) on the consent page


class RegisteredClient(OAuthClientInformationFull):
    """A registration as it is kept: `client_secret` holds the fingerprint of the secret."""

    def validate_redirect_uri(self, redirect_uri: AnyUrl | None) -> AnyUrl:
        """Exact, but for the port of a loopback address (RFC 8252 §7.3)."""
        if redirect_uri is None:
            return super().validate_redirect_uri(None)
        if any(same_redirect(str(known), str(redirect_uri)) for known in self.redirect_uris or []):
            return redirect_uri
        raise InvalidRedirectUriError("This redirect_uri is not registered for the client.")

    def validate_scope(self, requested_scope: str | None) -> list[str]:
        """The part of the request that exists (RFC 6749 §3.3 lets us ignore the rest); nothing left is an error."""
        if requested_scope and SCOPE not in requested_scope.split():
            raise InvalidScopeError(f"The only scope is {SCOPE}.")
        return [SCOPE]


class ClientRegistry:
    """Keeps registrations; those not used within an hour are dropped when the next one comes."""

    def __init__(self, store: Store, *, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    async def get(self, client_id: str) -> RegisteredClient | None:
        if len(client_id) > 512 or not client_id.isprintable():
            return None
        async with self._store.session(read_only=True) as session:
            row = await session.get(Client, client_id)
        return RegisteredClient.model_validate(row.metadata_json) if row else None

    async def register(self, client: OAuthClientInformationFull) -> None:
        """Stores `client` and settles in it what the answer will say. Raises the SDK's `RegistrationError`."""
        check_registration(client)
        client.client_name = visible_name(client.client_name or "")
        client.scope = SCOPE
        client.grant_types = [grant for grant in client.grant_types if grant in GRANTS]
        client.jwks = client.jwks_uri = None
        now = self._clock()
        row = Client(
            client_id=client.client_id, name=client.client_name, metadata_json=kept_metadata(client), created_at=now
        )
        unused = delete(Client).where(Client.last_used_at.is_(None), Client.created_at <= now - UNUSED_SECONDS)
        async with self._store.session() as session:
            await session.execute(unused)
            session.add(row)


def label(client: OAuthClientInformationFull) -> str:
    """What people read."""
    return client.client_name or client.client_id


def check_registration(client: OAuthClientInformationFull) -> None:
    """Raises `RegistrationError` for redirect URIs that are missing, too many, or of a kind that is not accepted."""
    redirects = client.redirect_uris or []
    if not 1 <= len(redirects) <= MAX_REDIRECTS:
        raise RegistrationError("invalid_redirect_uri", f"Register 1 to {MAX_REDIRECTS} redirect URIs.")
    for uri in redirects:
        if problem := redirect_problem(str(uri)):
            raise RegistrationError("invalid_redirect_uri", problem)


def visible_name(text: str) -> str:
    """The name without characters that cannot be seen or that reorder their neighbours, at most 100 long."""
    seen = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in HIDDEN)
    return " ".join(seen.split())[:MAX_NAME]


def kept_metadata(client: OAuthClientInformationFull) -> dict[str, Any]:
    """What later steps need, with the fingerprint of the secret instead of the secret."""
    fields = {
        "client_id", "client_name", "client_id_issued_at", "redirect_uris", "grant_types", "response_types",
        "scope", "token_endpoint_auth_method",
    }  # fmt: skip
    kept = client.model_dump(mode="json", include=fields, exclude_none=True)
    if client.client_secret:
        kept["client_secret"] = fingerprint(client.client_secret)
    return kept
