"""What orchestrators and Prometheus ask: alive, ready, numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from server.metrics import Metrics

Check = Callable[[], Awaitable[str]]
"""Returns "" when all is well, else one sentence without anything sensitive."""


def probe_routes(
    *, checks: Mapping[str, Check], warnings: Mapping[str, Check], metrics: Metrics | None
) -> list[BaseRoute]:
    """`/healthz`: the process answers. `/readyz`: every check passes, else 503 and which one does not; a warning
    is told and takes no replica out of service."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        failing = {name: problem for name, check in checks.items() if (problem := await check())}
        noted = {name: problem for name, check in warnings.items() if (problem := await check())}
        status = "unavailable" if failing else "degraded" if noted else "ok"
        body = {"status": status, "problems": failing, "warnings": noted}
        return JSONResponse(body, status_code=503 if failing else 200)

    async def numbers(request: Request) -> Response:
        assert metrics is not None
        return Response(metrics.exposition(), headers={"Content-Type": "text/plain; version=1.0.0; charset=utf-8"})

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
    return [*routes, Route("/metrics", numbers)] if metrics else routes
