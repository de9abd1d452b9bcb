"""The quickstart, done: its own SQL, shell, configuration and rules, on a real PostgreSQL and a real gateway."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docs.pages import ROOT, page
from tests.support.databases import StoreDatabases
from tests.support.gateway import free_port

DATABASE = "shop"
TABLE = """
CREATE TABLE customers (id int PRIMARY KEY, full_name text, email text);
INSERT INTO customers SELECT n, 'Anna Berg', 'person' || n || '@example.org' FROM generate_series(1, 50) AS n;
"""
WARDED = [sys.executable, "-c", "from server.cli import main; main()"]
PATIENCE = 60.0


@pytest.fixture
def address(databases: StoreDatabases) -> Iterator[str]:
    """A database as the reader has it, after the page's SQL was run by its owner."""
    (sql,) = page("quickstart.md").blocks("sql")
    databases.server.psql(f'CREATE DATABASE "{DATABASE}"')
    databases.server.psql(TABLE + sql, database=DATABASE)
    yield databases.server.address(DATABASE)
    databases.server.psql(f'DROP DATABASE "{DATABASE}" WITH (FORCE)')
    for role in set(re.findall(r"CREATE ROLE (\w+)", sql)):
        databases.server.psql(f"DROP ROLE {role}")


@pytest.fixture
def gateway(tmp_path: Path, address: str) -> Path:
    """The folder that the page tells to make, with the reader's own address and a free port."""
    quickstart, port = page("quickstart.md"), free_port()
    (shell,) = [block for block in quickstart.blocks("sh") if "mkdir" in block]
    subprocess.run(["sh", "-eu", "-c", shell], cwd=tmp_path, check=True)
    (config,), (rules,) = quickstart.blocks("yaml"), quickstart.blocks("cedar")
    config = re.sub(r"address: \S+", f"address: {address}", config)
    config = re.sub(r"(public_url: \S+:)8080", rf"\g<1>{port}\n  port: {port}", config)
    folder = tmp_path / "gateway"
    (folder / "warded.yaml").write_text(config)
    (folder / "policies" / "shop.cedar").write_text(rules)
    return folder


def warded(gateway: Path, *words: str, given: str = "") -> str:
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*WARDED, *words], cwd=gateway, env=environ, input=given, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, f"warded {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def test_the_quickstart_leads_to_a_gateway_that_agents_can_find(gateway: Path) -> None:
    assert "rules, version" in warded(gateway, "policy", "check")
    warded(gateway, "user", "add", "ada", "--group", "developers", "--password-stdin", given="long enough for ada\n")
    assert "customers.email" in scanned(gateway)
    report = warded(gateway, "doctor")
    assert "login warded_scanner" in report
    found = served(gateway, re.findall(r"public_url: (\S+)", (gateway / "warded.yaml").read_text())[0])
    assert found.status_code == 401
    assert "resource_metadata=" in found.headers["www-authenticate"]


def scanned(gateway: Path) -> str:
    warded(gateway, "resources", "scan", DATABASE)
    return warded(gateway, "resources", "show", DATABASE)


def served(gateway: Path, url: str) -> httpx.Response:
    """What `/mcp` answers to an agent that has not signed in; then the gateway is stopped as an operator stops it."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (gateway / "log").open("wb") as log:
        process = subprocess.Popen([*WARDED, "serve"], cwd=gateway, env=environ, stdout=log, stderr=log)
    try:
        await_ready(process, gateway, url)
        answer = httpx.post(f"{url}/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, trust_env=False)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
        return answer
    finally:
        process.kill()
        process.wait()


def await_ready(process: subprocess.Popen[bytes], gateway: Path, url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"`warded serve` did not become ready: {(gateway / 'log').read_text()}")
