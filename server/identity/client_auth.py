"""How a client proves itself at /token and /revoke (RFC 6749 §2.3): not at all, by POST, or by HTTP Basic."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from mcp.server.auth.middleware.client_auth import AuthenticationError, ClientAuthenticator
from mcp.shared.auth import OAuthClientInformationFull
from starlette.requests import Request

from server.identity.credentials import fingerprint, same_secret


class HashedClientAuthenticator(ClientAuthenticator):
    """The SDK's authenticator compares secrets in clear; ours are kept as fingerprints."""

    async def authenticate_request(self, request: Request) -> OAuthClientInformationFull:
        form = await request.form()
        client_id, posted = form.get("client_id"), form.get("client_secret")
        client = await self.provider.get_client(client_id) if isinstance(client_id, str) else None
        if client is None:
            raise AuthenticationError("The client is not known. Register again.")
        basic = basic_credentials(request.headers.get("authorization", ""))
        match client.token_endpoint_auth_method:
            case "none":
                return client
            case "client_secret_post":
                secret = posted if isinstance(posted, str) else ""
            case "client_secret_basic":
                secret = basic[1] if basic and basic[0] == client_id else ""
            case _:
                secret = ""
        if not client.client_secret or not same_secret(fingerprint(secret), client.client_secret):
            raise AuthenticationError("The client did not prove itself in the way that it registered.")
        return client


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Client id and secret of an `Authorization: Basic` header, form-decoded (RFC 6749 §2.3.1)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None
