"""Every operation of the API, as its own description lists them, with paths filled in."""

from __future__ import annotations

import re

import httpx


async def operations(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    document = (await client.get("/api/openapi.json")).json()
    return [
        (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, methods in document["paths"].items()
        for method in methods
    ]
