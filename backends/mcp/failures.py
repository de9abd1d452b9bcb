"""What went wrong at an MCP server, in the words that callers are given: never its own, which may carry data."""

from __future__ import annotations

import mcp_types as types
from mcp.shared.exceptions import MCPError

from backends.errors import UpstreamError
from backends.mcp.http import Call

_REFUSED = (401, 403)
_BUSY = (429, 503)


def failure_of(error: MCPError, call: Call) -> UpstreamError | None:
    """The failure behind an error of the SDK; None where the server itself answered with an error."""
    if call.failure == "limit":
        words = f"the answer is larger than {call.max_bytes} bytes"
        return UpstreamError("limit", words, words, exposes_data=False, remedy="Ask for less.")
    if call.failure == "unreachable":
        return unreachable("the server cannot be reached")
    if call.failure in ("timeout", "lost", "protocol"):
        return _plain(call.failure, "the server's answer broke off or could not be read")
    if call.status in _REFUSED:
        words = f"the server refuses the gateway's credential (HTTP {call.status})"
        remedy = "Check the secret of the login, and what it may do there."
        return UpstreamError("authentication", words, words, exposes_data=False, remedy=remedy)
    if call.status in _BUSY:
        return _plain("unreachable", f"the server takes no calls at the moment (HTTP {call.status})")
    if call.status >= 400 and error.code == types.INTERNAL_ERROR:
        return _plain("protocol", f"the server answered with HTTP {call.status}")
    if error.code == types.REQUEST_TIMEOUT:
        return _plain("timeout", "the server did not answer in time")
    if error.code == types.CONNECTION_CLOSED:
        return closed()
    if error.code == types.PARSE_ERROR:
        return _plain("protocol", "the server's answer could not be read")
    return None


def closed() -> UpstreamError:
    return _plain("lost", "the connection to the server ended before it answered; what ran is not known")


def unreachable(words: str) -> UpstreamError:
    return UpstreamError(
        "unreachable", words, words, exposes_data=False, remedy="Try again in a moment, or ask who runs the server."
    )


def _plain(code: str, words: str) -> UpstreamError:
    return UpstreamError(code, words, words, exposes_data=False)
