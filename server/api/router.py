"""The API put together: which routes there are, and what they are given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Security
from fastapi.security import HTTPBearer

from server.api.about import add_about
from server.api.budgets import add_budgets
from server.api.catalog import add_catalog
from server.api.docs import describe, docs_routes
from server.api.door import guarded_route
from server.api.mcp import add_mcp
from server.api.problems import MEDIA_TYPE, Problem, ProblemDetails
from server.api.requests import add_requests
from server.api.sessions import add_sessions
from server.approvals.requests import Approvals
from server.identity.tokens import Verifier
from server.judging import Judge
from server.pins import Pins
from server.policies import PolicySource
from server.recording.recorder import Recorder
from server.store.engine import Store

PREFIX = "/api/v1"
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDetails, "content": {MEDIA_TYPE: {}}} for status in (400, 401, 403, 404, 409, 422, 503)
}


def api_router(
    *,
    approvals: Approvals,
    recorder: Recorder,
    store: Store,
    policies: PolicySource,
    verifier: Verifier,
    judge: Judge,
    pins: Pins,
    reviewers: frozenset[str] = frozenset({"admins"}),
    changed: Callable[[], Awaitable[None]] | None = None,
) -> APIRouter:
    """Everything under /api. `verifier` accepts the API's audience only; the records lie in `recorder.folder`;
    `reviewers` decide about columns and definitions, and `changed` is awaited when they did."""
    people = APIRouter(
        prefix=PREFIX,
        route_class=guarded_route(verifier.verify),
        # Only tells OpenAPI how to authenticate; the route class does it.
        dependencies=[Security(HTTPBearer(auto_error=False, description="A person's token."))],
        responses=REFUSALS,
    )
    add_about(people, store=store, policies=policies, judge=judge)
    add_budgets(people, store=store, policies=policies)
    add_catalog(people, store=store, recorder=recorder, judge=judge, reviewers=reviewers, changed=changed)
    add_mcp(people, pins=pins, judge=judge, reviewers=reviewers)
    add_requests(people, approvals=approvals, recorder=recorder)
    add_sessions(people, store=store, folder=recorder.folder)
    router = APIRouter()
    router.routes.extend(docs_routes(describe(people, version=version("warded"))))
    _add_fallback(people)
    router.include_router(people)
    return router


def _add_fallback(people: APIRouter) -> None:
    """Other paths below the prefix answer like the rest: no token, no word about what exists."""

    @people.api_route("/{path:path}", methods=METHODS, include_in_schema=False)
    async def nothing(path: str, request: Request) -> None:
        raise Problem(404, "not-found", f"There is no {request.method} {PREFIX}/{path[:100]}.", "See /api/docs.")
