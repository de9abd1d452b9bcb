"""The gateway as a child process: a port that is free, and its own words when it does not start."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from server.demo.files import open_folder
from server.demo.gateway import GatewayFailed, pick_port, run_gateway


def test_a_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert pick_port(port) not in (0, port)
    assert pick_port(port) == port


def test_another_gateway_on_the_same_port_is_not_mistaken_for_ours(tmp_path: Path) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/readyz" else 401)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    folder = open_folder(tmp_path / "demo")
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        Thread(target=stranger.serve_forever, daemon=True).start()
        port = stranger.server_port
        folder.config.write_text(
            f"state_dir: {folder.state}\nserver: {{port: {port}, public_url: 'http://127.0.0.1:{port}'}}\n"
        )
        with (
            pytest.raises(GatewayFailed, match="in use"),
            run_gateway(folder, url=f"http://127.0.0.1:{port}", token="signed here"),
        ):
            pytest.fail("the stranger was taken for the gateway")
        stranger.shutdown()


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "demo")
    folder.config.write_text("serverr: {}\n")
    with (
        pytest.raises(GatewayFailed, match="serverr"),
        run_gateway(folder, url=f"http://127.0.0.1:{pick_port(None)}", token=""),
    ):
        pytest.fail("it cannot be ready")
