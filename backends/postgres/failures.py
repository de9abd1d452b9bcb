"""A server's ErrorResponse, and what else goes wrong between us and a server, as UpstreamError: the only place."""

from __future__ import annotations

from collections.abc import Mapping

from backends.errors import UpstreamError
from backends.postgres.sqlstates import CONDITIONS, describe
from backends.postgres.wire import ErrorResponse, NoticeResponse

REMEDIES: Mapping[str, str] = {
    "25006": "This ran as a read. A statement that changes data has to be recognised, and allowed, as a write.",
    "42501": "The database login that Warded uses lacks this right.",
    "42703": "sql_describe lists the columns of a table.",
    "42P01": "sql_describe lists the tables that can be read.",
    "53300": "The server has no free connection: raise max_connections, or lower the option pool_size.",
}

_UNREACHABLE = frozenset({"57P03", "53300"})
_ENDING = frozenset({"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04"})


class ConnectionLost(Exception):
    """The connection ended while something was expected of it. `answered` = some of it had come."""

    def __init__(self, reason: str, *, answered: bool) -> None:
        super().__init__(reason)
        self.answered = answered


class FlightTimeout(Exception):
    """The deadline of an operation passed while the server was working."""


class ShapeChanged(Exception):
    """The server describes other columns than those that were announced: the schema changed in between."""


def ends_connection(error: ErrorResponse) -> bool:
    """Whether the server closes after this error (FATAL and PANIC; V is the severity that is never translated)."""
    return error.fields.get("V", error.fields.get("S", "")) in {"FATAL", "PANIC"}


def statement_error(error: ErrorResponse, *, exposes_data: bool) -> UpstreamError:
    """An error in a statement. A FATAL one means that the connection died, and what ran is not known."""
    fields, code = error.fields, _code(error)
    if ends_connection(error) and code in _ENDING:
        return lost(f"the server ended the connection: {describe(code)}")
    return UpstreamError(code, _words(fields), safe_words(fields, code), exposes_data, REMEDIES.get(code, ""))


def startup_error(error: ErrorResponse, *, user: str, reference: str) -> UpstreamError:
    """An error before the first statement: nothing was read, so the server's words may be shown."""
    code = _code(error)
    if code.startswith("28"):
        return authentication(user, describe(code), reference=reference)
    words = error.fields.get("M", "")
    code = "unreachable" if code in _UNREACHABLE else code
    return UpstreamError(code, words, describe(_code(error)), exposes_data=False, remedy=REMEDIES.get(_code(error), ""))


def authentication(user: str, why: str, *, reference: str) -> UpstreamError:
    """The login was refused. Of the secret's reference only the kind is named: a misplaced secret may stand there."""
    kind = reference.partition(":")[0] if ":" in reference else ""
    where = f"the {kind}: reference of its password" if kind else "its password"
    words = f"login {user!r} was refused: {why}"
    remedy = f"Check the login {user!r} in the configuration, and {where}."
    return UpstreamError("authentication", words, words, exposes_data=False, remedy=remedy)


def unreachable(target: object, why: str, *, remedy: str = "") -> UpstreamError:
    words = f"{target} cannot be reached: {why}"
    return UpstreamError("unreachable", words, words, exposes_data=False, remedy=remedy)


def lost(why: str) -> UpstreamError:
    return UpstreamError("lost", why, why, exposes_data=False)


def timed_out(seconds: float) -> UpstreamError:
    words = f"the statement was cancelled after {seconds:g} seconds"
    return UpstreamError(
        "timeout", words, words, exposes_data=False, remedy="Narrow it down, or ask for a longer limit."
    )


def refused(code: str, words: str) -> UpstreamError:
    """What we refuse ourselves, in words of our own."""
    return UpstreamError(code, words, words, exposes_data=False)


def notice_words(notice: NoticeResponse, *, opaque: bool) -> str:
    """A notice for people. What a function raised may carry data, so it is only counted."""
    fields = notice.fields
    if opaque or "W" in fields:
        return "a notice from inside a function (not shown: it may carry data)"
    return f"{fields.get('S', 'NOTICE')}: {fields.get('M', '')}"


def _code(error: ErrorResponse) -> str:
    """SQLSTATE. A function may raise any five characters, so what is not in the table says no more than "raised"."""
    code = error.fields.get("C", "XX000")
    return code if code in CONDITIONS else "P0001"


def _words(fields: Mapping[str, str]) -> str:
    parts = [fields.get("M", "error")]
    if detail := fields.get("D"):
        parts.append(f"Detail: {detail}")
    if hint := fields.get("H"):
        parts.append(f"Hint: {hint}")
    return ". ".join(part.rstrip(".") for part in parts) + _position(fields)


def safe_words(fields: Mapping[str, str], code: str) -> str:
    """Condition name, and the names of what it is about unless a function could have set them (then W is there)."""
    words = describe(code)
    if "W" in fields:
        return words
    named = [
        f"{what} {fields[key]!r}"
        for key, what in (("n", "constraint"), ("c", "column"), ("t", "table"))
        if key in fields
    ]
    return ", ".join([words, *named]) + _position(fields)


def _position(fields: Mapping[str, str]) -> str:
    position = fields.get("P", "")
    return f" (at character {position})" if position.isdigit() else ""
