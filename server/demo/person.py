"""A person at the REST API, with a token of their own."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx


class Person:
    """`token` was made for this person, not for an agent. Answers are the API's own JSON."""

    def __init__(self, name: str, *, api_url: str, token: str) -> None:
        self.name = name
        self._client = httpx.AsyncClient(
            base_url=api_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30.0
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, **query: str | int) -> Any:
        response = await self._client.get(path, params=query)
        response.raise_for_status()
        return response.json()

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return await self._client.post(path, json=body or {})
