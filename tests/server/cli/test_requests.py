"""warded requests speaks to the REST API as a person, and explains what keeps it from doing so."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.server.cli.conftest import Warded

REQUEST = {
    "id": "req_1",
    "status": "pending",
    "requester": "dana",
    "client_id": "bot",
    "client_name": "Bot\x1b[2J",
    "resource": "shop",
    "login": "writer",
    "verb": "sql_query",
    "text": "UPDATE orders\nSET status = 'x\u202e' WHERE id = 7",
    "parameters": [],
    "approvers": ["leads"],
    "created_at": 0.0,
    "expires_at": 3600.0,
    "facts": {"effects": []},
    "outcome": "",
    "votes": [],
}
DENIED = {"title": "Forbidden", "detail": "Nobody answers their own request.", "remedy": "Ask another lead."}


class Server(BaseHTTPRequestHandler):
    """A REST API that answers from a table and remembers what it was asked."""

    asked: ClassVar[list[tuple[str, str, str, Any]]] = []
    answers: ClassVar[dict[str, tuple[int, bytes]]] = {}

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.asked.append((self.command, self.path, self.headers["Authorization"], body))
        status, answer = self.answers[self.path.partition("?")[0]]
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer

    def log_message(self, *_arguments: Any) -> None:
        """Quiet."""


@pytest.fixture
def server(warded: Warded) -> Iterator[type[Server]]:
    """Behind the public URL of the configuration."""

    class Fresh(Server):
        asked: ClassVar[list[tuple[str, str, str, Any]]] = []
        answers: ClassVar[dict[str, tuple[int, bytes]]] = {
            "/api/v1/requests": (200, json.dumps({"items": [REQUEST], "next": None}).encode()),
            "/api/v1/requests/req_1": (200, json.dumps(REQUEST).encode()),
            "/api/v1/requests/req_1/approve": (200, json.dumps(REQUEST | {"status": "approved"}).encode()),
            "/api/v1/requests/req_1/deny": (403, json.dumps(DENIED).encode()),
            "/api/v1/requests/broken": (502, b"<html>Bad gateway</html>"),
        }

    with HTTPServer(("127.0.0.1", 0), Fresh) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        text = warded.config.read_text()
        warded.config.write_text(f"server: {{public_url: 'http://127.0.0.1:{http.server_port}'}}\n{text}")
        yield Fresh
        http.shutdown()
        thread.join()


def run(warded: Warded, *arguments: str) -> Any:
    return warded("requests", *arguments, env={"WARDED_TOKEN": "tok"})


def test_the_list_asks_as_the_person_and_prints_nothing_a_terminal_would_obey(
    warded: Warded, server: type[Server]
) -> None:
    result = run(warded, "list", "--limit", "7")
    assert result.exit_code == 0
    assert server.asked == [("GET", "/api/v1/requests?status=pending&limit=7", "Bearer tok", None)]
    assert (
        "req_1\tpending\tdana\tBot\\x1b[2J\tshop\tUPDATE orders SET status = 'x\\u202e' WHERE id = 7\tleads"
        in result.stdout
    )


def test_all_statuses_can_be_listed(warded: Warded, server: type[Server]) -> None:
    run(warded, "list", "--status", "all")
    assert server.asked[0][1] == "/api/v1/requests?limit=50"


def test_show_keeps_the_lines_of_the_text_and_makes_the_hidden_visible(warded: Warded, server: type[Server]) -> None:
    text = run(warded, "show", "req_1").stdout
    assert "    UPDATE orders\n    SET status = 'x\\u202e' WHERE id = 7\n" in text
    assert json.loads(run(warded, "show", "req_1", "--json").stdout) == REQUEST


def test_approve_sends_the_comment(warded: Warded, server: type[Server]) -> None:
    result = run(warded, "approve", "req_1", "-m", "checked")
    assert server.asked == [("POST", "/api/v1/requests/req_1/approve", "Bearer tok", {"comment": "checked"})]
    assert "approved" in result.stderr


def test_a_refusal_is_told_with_its_remedy_and_exits_1(warded: Warded, server: type[Server]) -> None:
    result = run(warded, "deny", "req_1")
    assert result.exit_code == 1
    assert result.stderr == "error: Forbidden: Nobody answers their own request.\n  try: Ask another lead.\n"


def test_an_answer_that_is_no_json_is_told_plainly(warded: Warded, server: type[Server]) -> None:
    result = run(warded, "show", "broken")
    assert result.exit_code == 1
    assert "502" in result.stderr


def test_an_id_cannot_leave_its_place_in_the_path(warded: Warded, server: type[Server]) -> None:
    server.answers["/api/v1/requests/..%2F..%2Ftoken%3Fx"] = (404, json.dumps(DENIED).encode())
    assert run(warded, "show", "../../token?x").exit_code == 1


def test_without_a_token_it_says_how_to_get_one(warded: Warded, server: type[Server]) -> None:
    result = warded("requests", "list")
    assert result.exit_code == 2
    assert "warded token create" in result.stderr
    assert server.asked == []


def test_nobody_at_the_public_url_is_told(warded: Warded) -> None:
    warded.config.write_text("server: {public_url: 'http://127.0.0.1:1'}\n" + warded.config.read_text())
    result = run(warded, "list")
    assert result.exit_code == 1
    assert "warded serve" in result.stderr


def test_the_variable_and_the_option_name_the_same_token(warded: Warded, server: type[Server], tmp_path: Path) -> None:
    warded("requests", "list", "--token", "other")
    assert server.asked[0][2] == "Bearer other"
