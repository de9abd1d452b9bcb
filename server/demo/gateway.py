"""`warded serve` as a child process, ready when /readyz says so."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx

from server.demo.files import Folder

READY_SECONDS = 40.0
STOP_SECONDS = 40.0
PREFERRED_PORT = 8080
# The installed command where there is one; the same entry point otherwise.
ENTRY = "from server.cli import main; main()"


class GatewayFailed(Exception):
    """`warded serve` ended or did not become ready; the message carries the end of its log."""


@contextmanager
def run_gateway(folder: Folder, *, url: str, token: str, meanwhile: Callable[[], object] = bool) -> Iterator[None]:
    """Start the gateway for the demo's configuration, wait until it is ready, stop it when the block ends.

    `token` is a person's token that this installation signed: somebody else's gateway, started on the same port at
    the same moment, would refuse it. `meanwhile` is called while it starts.
    """
    with folder.gateway_log.open("wb") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-c", ENTRY, "serve", "--config", str(folder.config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours: we stop it, and the database only after it
        )
    try:
        meanwhile()
        _await_ready(process, folder, url=url, token=token)
        yield
    finally:
        _stop(process)


def _await_ready(process: subprocess.Popen[bytes], folder: Folder, *, url: str, token: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with httpx.Client(trust_env=False, timeout=2.0) as client:
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(httpx.TransportError):
                if _is_ready(client, url, token):
                    return
            time.sleep(0.05)
    end = "\n".join(folder.gateway_log.read_text(errors="replace").splitlines()[-25:])
    raise GatewayFailed(f"warded serve did not become ready. The end of {folder.gateway_log}:\n{end}")


def _is_ready(client: httpx.Client, url: str, token: str) -> bool:
    if client.get(f"{url}/readyz").status_code != 200:
        return False
    return client.get(f"{url}/api/v1/whoami", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM lets running work finish and be recorded; SIGKILL is for a gateway that hangs."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)


def pick_port(wanted: int | None) -> int:
    """The wanted port, else 8080, where it is free; any free one otherwise."""
    for port in (wanted or PREFERRED_PORT, 0):
        with socket.socket() as probe, suppress(OSError):
            # As uvicorn binds: a port whose last connections linger in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise GatewayFailed("no free TCP port on 127.0.0.1")
