"""Nothing sensitive gets into a log, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from server.config import Telemetry as Settings
from server.logs import configure_logging
from server.secrets import Secret


class Log:
    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return line


@pytest.fixture
def log() -> Iterator[Log]:
    """Logging as `warded serve` sets it up; the process's own is put back afterwards."""
    root, names = logging.getLogger(), ("warded", "server", "backends", "policy", "catalog", "uvicorn")
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in names}
    found = Log()
    configure_logging(Settings(), stream=found.stream)
    yield found
    structlog.reset_defaults()
    root.handlers[:], level, levels = before
    root.setLevel(level)
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def test_an_event_is_one_line_of_json_with_level_time_and_logger(log: Log) -> None:
    structlog.get_logger("warded.record").info("stopping", grace_seconds=30)
    assert log.last | {"timestamp": ""} == {
        "event": "stopping",
        "grace_seconds": 30,
        "level": "info",
        "logger": "warded.record",
        "timestamp": "",
    }


@pytest.mark.parametrize(
    "name",
    ["sql", "text", "parameters", "password", "token", "authorization", "Cookie", "code", "access_token", "set-cookie"],
)
def test_what_stands_under_a_sensitive_name_is_hidden_at_any_depth(log: Log, name: str) -> None:
    structlog.get_logger("warded").info("x", **{name: "hunter2"}, inner=[{"deeper": {name: ["hunter2"]}}])
    assert "hunter2" not in log.text
    assert log.last[name] == "[hidden]"


def test_names_that_only_resemble_sensitive_ones_are_kept(log: Log) -> None:
    structlog.get_logger("warded").info("x", error_code="42P01", status_code=404, context="a")
    assert log.last["error_code"] == "42P01"


def test_values_of_unknown_types_show_their_type_only(log: Log) -> None:
    structlog.get_logger("warded").info("x", key=Secret("hunter2"), other=ValueError("hunter2"))
    assert "hunter2" not in log.text
    assert log.last["other"] == "<ValueError>"


def test_an_exception_leaves_types_and_places_and_no_message(log: Log) -> None:
    try:
        try:
            raise KeyError("anna@example.org")
        except KeyError as error:
            raise ValueError("anna@example.org") from error
    except ValueError:
        structlog.get_logger("warded").exception("call failed")
    assert "anna" not in log.text
    kinds = [each["type"] for each in log.last["exception"]]
    assert kinds == ["builtins.ValueError", "builtins.KeyError"]
    assert "test_logs.py" in log.last["exception"][0]["at"][0]


def test_the_words_of_a_library_are_withheld_and_its_place_is_given(log: Log) -> None:
    logging.getLogger("mcp.server.lowlevel").warning("validation failed: %s", "anna@example.org")
    logging.getLogger("asyncio").error("Task exception was never retrieved: anna@example.org")
    assert "anna" not in log.text
    assert "test_logs.py:" in log.last["at"]


def test_libraries_are_heard_from_warning_on(log: Log) -> None:
    logging.getLogger("httpx").info("GET https://x/?token=1")
    structlog.get_logger("warded").debug("detail")
    assert log.text == ""


def test_uvicorn_speaks_through_our_log_and_its_access_lines_lose_the_query(log: Log) -> None:
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 7)
    assert log.last["event"] == "Started server process [7]"
    arguments = ("127.0.0.1:9", "GET", "/authorize?code=hunter2", "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *arguments)
    assert "hunter2" not in log.text
    assert log.last["path"] == "/authorize"
    assert log.last["status"] == 200


def test_the_console_format_hides_the_same(log: Log) -> None:
    configure_logging(Settings(log_format="console"), stream=log.stream)
    structlog.get_logger("warded").info("x", token="hunter2")
    assert "x" in log.text
    assert "hunter2" not in log.text
