"""Stage authenticate at HTTP doors: a bearer token becomes an Identity, or the challenge that says how to get one.

RFC 6750 §3, RFC 9728 §5.1. The token is read from the Authorization header
only; it is never looked for in a query.
"""

from __future__ import annotations

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from policy.model import Identity
from server.identity.resource import SCOPE
from server.identity.tokens import TokenRefused, Verifier
from server.memory import Memory
from server.stages import Stages
from server.store.engine import StoreUnavailable


class BearerDoor:
    """ASGI wrapper: `scope["state"]["identity"]` is set for the app behind it, or it is never called."""

    def __init__(
        self, app: ASGIApp, *, verifier: Verifier, issuer: str, audience: str, metadata_url: str, stages: Stages
    ) -> None:
        self.app, self.verifier, self.stages = app, verifier, stages
        self.issuer, self.audience = issuer, audience
        self._users: Memory[tuple[Identity, AuthenticatedUser]] = Memory()
        self._hint = f'resource_metadata="{metadata_url}", scope="{SCOPE}"'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _bearer(scope)
        if token is None:
            await self._challenge(401, "", "Sign in to get a token.")(scope, receive, send)
            return
        try:
            with self.stages.stage("authenticate"):
                identity = await self.verifier.verify(token)
        except TokenRefused as refused:
            await self._challenge(401, "invalid_token", refused.description)(scope, receive, send)
            return
        except StoreUnavailable as problem:
            body = {"error": "temporarily_unavailable", "error_description": f"{problem} {problem.remedy}"}
            await JSONResponse(body, status_code=503, headers={"Retry-After": "5"})(scope, receive, send)
            return
        if SCOPE not in identity.scopes:
            await self._challenge(403, "insufficient_scope", f"The token lacks the scope {SCOPE}.")(
                scope, receive, send
            )
            return
        scope.setdefault("state", {})["identity"] = identity
        # The SDK ties its sessions to this user: without it one person could use another's session id.
        scope["user"] = self._user(identity)
        await self.app(scope, receive, send)

    def _user(self, identity: Identity) -> AuthenticatedUser:
        """The same user as long as the verifier gives the same identity. The token itself is kept nowhere."""
        known, user = self._users.get(identity.session) or (None, None)
        if known is identity and user is not None:
            return user
        token = AccessToken(
            token="",
            client_id=identity.agent.client_id if identity.agent else "",
            scopes=sorted(identity.scopes),
            expires_at=identity.expires_at,
            resource=self.audience,
            subject=identity.user,
            claims={"iss": self.issuer},
        )
        user = AuthenticatedUser(token)
        self._users.put(identity.session, (identity, user))
        return user

    def _challenge(self, status: int, error: str, description: str) -> JSONResponse:
        words = f'error="{error}", error_description="{description}", ' if error else ""
        body = {"error": error or "unauthorized", "error_description": description}
        return JSONResponse(body, status_code=status, headers={"WWW-Authenticate": f"Bearer {words}{self._hint}"})


def _bearer(scope: Scope) -> str | None:
    """The token, None without exactly one Authorization header of scheme Bearer."""
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(values) != 1 or values[0][:7].lower() != b"bearer ":
        return None
    return str(values[0][7:].strip().decode("latin-1")) or None
