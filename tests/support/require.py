"""What a machine must have for a test: a missing server fails where every lane has to run, and skips elsewhere."""

from __future__ import annotations

import os

import pytest


def require(present: bool, what: str, *, install: str) -> None:
    """Go on if `present`; else fail (in CI or with WARDED_REQUIRE=all), or skip with the line that installs it."""
    if present:
        return
    message = f"{what} is missing. Install it: {install}"
    if os.environ.get("CI") or os.environ.get("WARDED_REQUIRE") == "all":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
