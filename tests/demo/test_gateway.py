"""The gateway as a child process: a port that is free, and its own words when it does not start."""

from __future__ import annotations

import socket
from pathlib import Path

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


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "demo")
    folder.config.write_text("serverr: {}\n")
    with (
        pytest.raises(GatewayFailed, match="serverr"),
        run_gateway(folder, url=f"http://127.0.0.1:{pick_port(None)}"),
    ):
        pytest.fail("it cannot be ready")
