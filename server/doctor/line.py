"""One line of the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Line:
    """One check: `warn` works but should not stay so, `fail` does not work. `remedy` is empty only when all is well."""

    check: str
    status: Status
    detail: str
    remedy: str = ""


def ok(check: str, detail: str) -> Line:
    return Line(check, "ok", detail)


def warn(check: str, detail: str, remedy: str) -> Line:
    return Line(check, "warn", detail, remedy)


def fail(check: str, detail: str, remedy: str) -> Line:
    return Line(check, "fail", detail, remedy)
