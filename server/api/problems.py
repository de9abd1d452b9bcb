"""Problem details for HTTP APIs (RFC 9457), with a `remedy` beside the standard members."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(BaseModel):
    """What every refusal looks like."""

    type: str = Field(description="Which kind of problem, stable for programs.", examples=["/api/docs#not-found"])
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened here.")
    remedy: str = Field(description="What to do about it.")


class Problem(Exception):
    """Ends a request with a problem document. `code` names its kind; all words are public."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        remedy: str,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.remedy, self.headers = status, code, detail, remedy, headers


def problem_response(problem: Problem) -> JSONResponse:
    details = ProblemDetails(
        type=f"/api/docs#{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        remedy=problem.remedy,
    )
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(details.model_dump(), problem.status, headers, media_type=MEDIA_TYPE)


def not_found(thing: str) -> Problem:
    """The same for what does not exist and what the caller may not see."""
    return Problem(
        404, "not-found", f"There is no such {thing} that you may see.", "Look at the list of what you may see."
    )
