"""The Node that the npm clients need (22.19 or newer): from tests/npm, else the system's."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.require import require

MODULES = Path(__file__).parents[2] / "npm" / "node_modules"
OLDEST = (22, 19)
INSTALL = "make test (npm ci --ignore-scripts in tests/npm)"


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    out: str
    err: str


async def run_script(package: str, command: str, *arguments: str, seconds: float = 60.0) -> Finished:
    """Run a package's command with our own environment only: no configuration of this machine's user, no proxies."""
    script = MODULES / ".bin" / command
    require(script.exists(), f"npm package {package}", install=INSTALL)
    process = await asyncio.create_subprocess_exec(
        node_binary(),
        str(script),
        *arguments,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Finished(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))


@cache
def node_binary() -> str:
    found = MODULES / ".bin" / "node"
    binary = str(found) if found.exists() else shutil.which("node")
    require(binary is not None and _version(binary) >= OLDEST, "Node 22.19", install=INSTALL)
    assert binary is not None
    return binary


def _version(binary: str) -> tuple[int, ...]:
    out = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", out)[:2])
