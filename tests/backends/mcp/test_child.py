"""MCP servers as children: what they get, and what happens when they die or do not start."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from backends.errors import UpstreamError
from backends.mcp.child import run_child
from backends.mcp.http import Call
from backends.mcp.link import Link
from backends.mcp.settings import Settings
from catalog.model import Login

pytestmark = pytest.mark.anyio

DIES = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("method") == "initialize":
        found = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "dies", "version": "0"}}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": found}), flush=True)
    elif asked.get("method") == "server/discover":
        error = {"code": -32601, "message": "no"}
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}), flush=True)
    elif "id" in asked:
        sys.exit(3)
"""


def link(*command: str, environment: Mapping[str, str] | None = None, user: str = "") -> Link:
    settings = Settings("stdio", command=command, environment=environment or {}, user=user)
    return Link(settings, Login("local"), lambda reference: reference, on_change=lambda: None)


async def listed(found: Link) -> None:
    await found.ask(lambda session: session.list_tools(), call=Call(), seconds=10)


async def test_a_child_that_dies_in_a_call_is_lost_and_not_started_again_at_once() -> None:
    found = link(sys.executable, "-c", DIES)
    with pytest.raises(UpstreamError) as caught:
        await listed(found)
    assert caught.value.code == "lost"
    started = time.monotonic()
    with pytest.raises(UpstreamError) as caught:
        await listed(found)
    assert caught.value.code == "unreachable"
    assert time.monotonic() - started < 0.4
    await found.close()


async def test_a_program_that_is_not_there_is_said_so_without_its_path() -> None:
    found = link("/no/such/program", "--secret")
    with pytest.raises(UpstreamError) as caught:
        await listed(found)
    assert caught.value.code == "unreachable"
    assert "/no/such" not in str(caught.value.message)
    await found.close()


async def test_arguments_are_no_shell() -> None:
    """What would be a second command in a shell is a piece of text."""
    with pytest.raises(UpstreamError):
        async with run_child(("/bin/true; touch /tmp/warded-was-here",), environment={}):
            raise AssertionError("it started")


async def test_leaving_ends_the_child_and_what_it_started() -> None:
    script = "import subprocess, sys, time; subprocess.Popen(['sleep', '611']); time.sleep(600)"
    async with run_child((sys.executable, "-c", script), environment={}):
        await _until(lambda: _sleepers() == 1)
    await _until(lambda: _sleepers() == 0)


def _sleepers() -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += path.read_bytes() == b"sleep\x00611\x00"
        except OSError:
            continue
    return found


async def _until(condition: object) -> None:
    assert callable(condition)
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come true in time")
