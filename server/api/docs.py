"""The API's own description: OpenAPI as JSON, and a page that lists it without a byte from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

CSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1c2430}
code{font:14px ui-monospace,monospace}h2{margin-top:2rem;font-size:1rem}
li{margin:.4rem 0}b{display:inline-block;min-width:3.5rem}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#dde4ee}a{color:#8ab8ff}}
"""
PROBLEMS = {
    "unauthorized": "No token, or one that is not accepted here.",
    "people-only": "The token is an agent's. This API is for people.",
    "forbidden": "You are known, and may not do this.",
    "not-found": "It does not exist, or you may not see it.",
    "invalid-arguments": "A part of the request is missing or malformed.",
    "invalid-cursor": "The cursor was not given by this API.",
    "vote-refused": "You may not answer this request, or not any more.",
    "review-refused": "The column is not in a state in which this can be decided.",
    "damaged": "Records do not match their chain of hashes.",
    "unavailable": "Store or records cannot be reached now.",
    "request-refused": "The request does not follow HTTP as this API uses it.",
}


def describe(routes: APIRouter, *, version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    return get_openapi(
        title="Warded",
        version=version,
        description="People only: agents are refused on every route. Every error is a problem document (RFC 9457).",
        routes=routes.routes,
    )


def docs_routes(document: dict[str, Any]) -> list[Route]:
    page = _page(document)

    async def openapi(request: Request) -> Response:
        return JSONResponse(document, headers=HEADERS)

    async def docs(request: Request) -> Response:
        return HTMLResponse(page, headers=HEADERS)

    async def style(request: Request) -> Response:
        return Response(STYLE, media_type="text/css", headers=HEADERS)

    return [Route("/api/openapi.json", openapi), Route("/api/docs", docs), Route("/api/docs.css", style)]


def _page(document: dict[str, Any]) -> str:
    problems = "".join(
        f'<li id="{escape(code)}"><code>{escape(code)}</code> {escape(words)}</li>' for code, words in PROBLEMS.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Warded API</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="docs.css">'
        f"<h1>Warded API {escape(document['info']['version'])}</h1>"
        f'<p>{escape(document["info"]["description"])} Machines read <a href="openapi.json">openapi.json</a>.</p>'
        f"<h2>Operations</h2><ul>{''.join(_operations(document))}</ul><h2>Problems</h2><ul>{problems}</ul></html>"
    )


def _operations(document: dict[str, Any]) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = ", ".join(each["name"] for each in operation.get("parameters", []) if each["in"] == "query")
            query = f"?{names}" if names else ""
            words = escape(operation["summary"])
            yield f"<li><b>{method.upper()}</b> <code>{escape(path + query)}</code><br>{words}</li>"
