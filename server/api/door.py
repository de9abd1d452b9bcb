"""Who may enter, and in which words anybody is turned away (RFC 6750, RFC 9457).

One route class does both around every endpoint, before a body is read, so a
route cannot forget it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from policy.model import Identity
from server.api.problems import Problem, problem_response
from server.identity.tokens import TokenRefused
from server.recording.recorder import RecordingUnavailable
from server.store.engine import StoreUnavailable

Verify = Callable[[str], Awaitable[Identity]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

NO_STORE = {"Cache-Control": "no-store"}
SIGN_IN = "Make a token with `warded token create NAME` and send it as `Authorization: Bearer ...`."


def guarded_route(verify: Verify) -> type[APIRoute]:
    """A route class whose every route is for people with a token of `verify`'s audience."""

    class PeopleOnly(APIRoute):
        def get_route_handler(self) -> Handler:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                try:
                    request.state.identity = await _person(request, verify)
                    response = await inner(request)
                except Exception as error:
                    problem = _problem(error)
                    if problem is None:
                        raise
                    return problem_response(problem)
                response.headers.update(NO_STORE)
                return response

            return handle

    return PeopleOnly


async def _person(request: Request, verify: Verify) -> Identity:
    """Raises TokenRefused, StoreUnavailable, Problem."""
    identity = await verify(_bearer(request))
    if identity.via == "agent":
        raise Problem(403, "people-only", "Agents may not use this API, whoever they act for.", "Use a person's token.")
    return identity


def _bearer(request: Request) -> str:
    """The token, from exactly one Authorization header and from nowhere else."""
    values = request.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == "bearer" else ""


def _problem(error: Exception) -> Problem | None:
    """The answer to an error that a caller or a fault of the machine can cause; None = our own bug."""
    match error:
        case Problem():
            return error
        case TokenRefused():
            return Problem(401, "unauthorized", error.description, SIGN_IN, headers=_challenge(error))
        case RequestValidationError():
            return Problem(422, "invalid-arguments", _invalid(error), "Correct the named parts; see /api/docs.")
        case StoreUnavailable() | RecordingUnavailable():
            return Problem(503, "unavailable", str(error), error.remedy)
        case HTTPException():
            return Problem(error.status_code, "request-refused", str(error.detail), "See /api/docs.")
        case _:
            return None


def _challenge(error: TokenRefused) -> dict[str, str]:
    words = f', error="invalid_token", error_description="{error.description}"' if error.code == "invalid_token" else ""
    return {"WWW-Authenticate": f'Bearer realm="warded"{words}'}


def _invalid(error: RequestValidationError) -> str:
    """Places and reasons; never the values, which may be secrets in the wrong field."""
    return "; ".join(f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors())


def _identity(request: Request) -> Identity:
    identity = request.state.identity
    assert isinstance(identity, Identity)
    return identity


Person = Annotated[Identity, Depends(_identity)]
"""The person who asks; set by the route class before any endpoint runs."""
