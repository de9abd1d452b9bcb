"""Structured logs that cannot carry a sensitive value.

Our own events go through `redact`. Of a library's record only the place is
kept, unless the logger is known to speak of itself only: a message such as
"validation failed: ..." quotes what a client sent. Of an exception the types
and places are kept, never the message.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

from server.config import Telemetry as Settings

HIDDEN = "[hidden]"
SENSITIVE = frozenset(
    {"authorization", "code", "cookie", "parameters", "password", "secret", "sql", "text", "token", "value", "values"}
)
SENSITIVE_ENDINGS = ("_password", "_secret", "_token", "_cookie", "_code_verifier", "-authorization", "-cookie")
OWN = ("warded", "server", "backends", "policy", "catalog")
TRUSTED = (*OWN, "uvicorn", "alembic", "opentelemetry")
"""Loggers whose messages are shown: they speak of our process, not of what clients and targets sent."""

Event = MutableMapping[str, Any]


def configure_logging(settings: Settings, *, stream: TextIO = sys.stderr) -> None:
    """Route structlog and logging to `stream`. Process-wide: only a program's entry calls it."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_formatter(settings, stream))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))  # libraries chat at INFO, with URLs and bodies in it
    for name in (*OWN, "uvicorn"):
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Hide what stands under a name that may hold a secret or data, at any depth."""
    for name, value in event.items():
        event[name] = HIDDEN if _is_sensitive(name) else _clean(value)
    return event


def foreign(_logger: object, _method: str, event: Event) -> Event:
    """Give a library's record the shape of ours, without values."""
    record: logging.LogRecord = event["_record"]
    arguments = event.pop("positional_args", ())
    if record.name == "uvicorn.access":
        return _access(arguments, event)
    if not record.name.startswith(TRUSTED):
        event["event"] = "a library logged this; its words are withheld"
        event["at"] = f"{_tail(record.pathname)}:{record.lineno}"
    return event


def exception_places(_logger: object, _method: str, event: Event) -> Event:
    """Replace `exc_info` by types and places. Messages of foreign exceptions quote data."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = [_described(each) for each in _chain(error)]
    return event


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        exception_places,
        redact,
    ]


def _formatter(settings: Settings, stream: TextIO) -> logging.Formatter:
    last: Processor = structlog.processors.JSONRenderer(serializer=_json)
    if settings.log_format == "console":
        last = structlog.dev.ConsoleRenderer(colors=stream.isatty())
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[foreign, *_shared()],
        pass_foreign_args=True,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def _json(event: Any, **_options: Any) -> str:
    return orjson.dumps(
        event, default=lambda value: f"<{type(value).__name__}>", option=orjson.OPT_NON_STR_KEYS
    ).decode()


def _is_sensitive(name: object) -> bool:
    lower = str(name).lower()
    return lower in SENSITIVE or lower.endswith(SENSITIVE_ENDINGS)


def _clean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: HIDDEN if _is_sensitive(name) else _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value


def _access(arguments: object, event: Event) -> Event:
    """uvicorn.access gives (client, method, path, HTTP version, status). The query is cut: codes may be in it."""
    event["event"] = "request"
    if isinstance(arguments, tuple) and len(arguments) == 5:
        client, method, path, _version, status = arguments
        event.update(client=client, method=method, path=str(path).partition("?")[0], status=status)
    return event


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in found and len(found) < 5:
        found.append(each)
        each = each.__cause__ or each.__context__
    return found


def _described(error: BaseException) -> dict[str, object]:
    kind = type(error)
    return {"type": f"{kind.__module__}.{kind.__qualname__}", "at": _places(error.__traceback__)}


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-20:]
    return [f"{_tail(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _tail(path: str) -> str:
    """The last parts of a path: enough to find the file, nothing about the machine."""
    return "/".join(PurePath(path).parts[-3:])
