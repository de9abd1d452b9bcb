"""What a door says about refusals, and what it lets through of a server's own words."""

from __future__ import annotations

from collections.abc import Mapping

from backends.door import Refusal
from backends.errors import UpstreamError
from backends.postgres.failures import safe_words
from backends.postgres.front_replies import encode_fields, error, notice
from backends.postgres.frontend import frame
from backends.postgres.sqlstates import describe

INSUFFICIENT_PRIVILEGE = "42501"
HIDDEN_NOTICE = "a notice that is not shown: it may carry values that are hidden from you"

_STATES: Mapping[str, str] = {
    "denied": INSUFFICIENT_PRIVILEGE,
    "held": INSUFFICIENT_PRIVILEGE,
    "syntax": "42601",
    "cancelled": "57014",
    "unavailable": "58000",
    "stopping": "57P01",
    "failed": "42000",
}
_UPSTREAM_STATES: Mapping[str, str] = {
    "unreachable": "08001",
    "authentication": "28000",
    "credential": "28000",
    "timeout": "57014",
    "cancelled": "57014",
    "lost": "08006",
    "limit": "54000",
    "protocol": "08P01",
}
_KEPT = "SVCPntcds"


def refusal(found: Refusal) -> bytes:
    """ErrorResponse of a refusal: 42501, DETAIL = rule and reason, HINT = what would pass."""
    code = _STATES.get(found.code, found.code if len(found.code) == 5 else INSUFFICIENT_PRIVILEGE)
    return error(code, found.message, detail=found.detail, hint=found.hint)


def upstream_error(failed: UpstreamError, *, fatal: bool) -> bytes:
    """ErrorResponse of what went wrong between the door and the server. Only the safe words."""
    code = failed.code if len(failed.code) == 5 else _UPSTREAM_STATES.get(failed.code, "58000")
    return error(code, f"the target of this resource: {failed.safe}", hint=failed.remedy, fatal=fatal)


def server_error(fields: Mapping[str, str], *, tainted: bool) -> bytes | None:
    """An error of the server's as it may be shown; None = as it is. What arises before anything ran says only what the
    text said: such an error has a position and no context."""
    if not tainted:
        return None
    code = fields.get("C", "XX000")
    if code.startswith("42") and "P" in fields and "W" not in fields and "q" not in fields:
        return None
    kept = {key: value for key, value in fields.items() if key in _KEPT and "W" not in fields}
    words = {"S": fields.get("S", "ERROR"), "V": fields.get("V", "ERROR"), "C": code, "M": safe_words(fields, code)}
    hint = "The server's own words are not shown: they may carry values that are hidden from you."
    return frame(b"E", encode_fields({**kept, **words, "H": hint}))


def server_notice(fields: Mapping[str, str], *, tainted: bool) -> bytes | None:
    """A notice as it may be shown; None = as it is."""
    if not tainted or ("W" not in fields and fields.get("C", "") != "00000"):
        return None
    return notice(HIDDEN_NOTICE, detail=describe(fields.get("C", "00000")))


def over_limit(over: str, *, rows: int | None, affected: int | None) -> bytes:
    """The error of a bound that policy sets."""
    if over == "rows":
        words = f"the answer has more than the {rows} rows that policy lets you read at once"
        return error("54000", words, hint="Narrow it down, or add LIMIT.")
    words = f"the statement would change more than the {affected} rows that policy lets you change"
    return error("54000", words, detail="The transaction is aborted: nothing is changed.")
