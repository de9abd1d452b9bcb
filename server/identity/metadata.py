"""What clients discover: authorization server metadata (RFC 8414) and protected resource metadata (RFC 9728).

Built by hand, not with the SDK's models: a URL type there adds a slash to the issuer, and clients compare it byte
by byte (RFC 9207 §2.4).
"""

from __future__ import annotations

from server.config import Config
from server.identity.resource import SCOPE

CLIENT_AUTHENTICATION = ["none", "client_secret_post", "client_secret_basic"]


def server_metadata(config: Config) -> dict[str, object]:
    """The embedded authorization server. No `offline_access`: refresh tokens come unasked."""
    issuer = config.server.public_url
    metadata: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "revocation_endpoint": f"{issuer}/revoke",
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
        "revocation_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{issuer}/",
    }
    if config.identity.dynamic_registration:
        metadata["registration_endpoint"] = f"{issuer}/register"
    return metadata


def resource_metadata(config: Config) -> dict[str, object]:
    """The MCP endpoint. `resource` comes from the configuration, never from the Host header."""
    return {
        "resource": config.mcp_url,
        "authorization_servers": [config.server.public_url],
        "scopes_supported": [SCOPE],
        "bearer_methods_supported": ["header"],
        "resource_name": "Warded",
        "resource_documentation": f"{config.server.public_url}/",
    }
