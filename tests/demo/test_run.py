"""`warded demo` as a whole: plays its story on a real gateway, says when something does not hold, and stops cleanly."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.gateway import free_port

ROOT = Path(__file__).parents[2]
STORY_SECONDS = 240.0
UP = "Warded is up"
CLOSED = """
@id("mine.closed")
@reason("The shop is closed.")
forbid (principal, action == Action::"read", resource);
"""


@dataclass(frozen=True, slots=True)
class FirstRun:
    folder: Path
    code: int
    out: str


@pytest.fixture(scope="module")
def first() -> Iterator[FirstRun]:
    """The first run in a new folder, with a picture; later runs find its database."""
    with tempfile.TemporaryDirectory(prefix="warded-demo-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o711)
        code, out = play(folder, "--picture", str(folder / "story.svg"))
        yield FirstRun(folder, code, out)


@pytest.fixture
def folder(first: FirstRun) -> Path:
    return first.folder


def demo(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    port = str(free_port())  # tests that run at the same time must not meet on the default one
    command = [sys.executable, "-m", "server.demo", "--dir", str(folder), "--port", port, *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def play(folder: Path, *arguments: str) -> tuple[int, str]:
    process = demo(folder, "--check", *arguments)
    try:
        out, _ = process.communicate(timeout=STORY_SECONDS)
    finally:
        process.terminate()
    return process.returncode, out


def leftovers(folder: Path) -> list[str]:
    """Command lines of processes that still work for this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in line and int(entry.name) != os.getpid():
                found.append(line)
    return found


def test_the_story_holds_and_leaves_nothing_running(first: FirstRun) -> None:
    assert first.code == 0, first.out
    assert "rows loaded" in first.out
    assert "✗" not in first.out
    for words in ("baseline.unbounded-write", "HELD", "Lee Brandt approves", "the chain holds", "checks passed"):
        assert words in first.out
    assert leftovers(first.folder) == []
    picture = (first.folder / "story.svg").read_text("utf-8")
    assert "baseline.unbounded-write" in picture
    assert set(re.findall(r"https?://[\w.]+", picture)) <= {"http://www.w3.org", "https://www.textualize.io"}


def test_the_story_prints_no_secret(folder: Path) -> None:
    code, out = play(folder)
    assert code == 0, out
    assert "rows of the last run" in out
    secrets = [path.read_text() for path in (folder / "secrets").iterdir()]
    secrets += re.findall(r": \"(\S+)\"", (folder / "accounts.json").read_text())
    assert len(secrets) == 7
    assert not [secret for secret in secrets if secret in out or secret in (folder / "gateway.log").read_text()]


def test_a_rule_that_breaks_the_story_is_noticed(folder: Path) -> None:
    rule = folder / "policies" / "mine.cedar"
    rule.write_text(CLOSED)
    try:
        code, out = play(folder)
    finally:
        rule.unlink()
    assert code == 1
    assert "mine.closed" in out
    assert "✗" in out
    assert leftovers(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_it_stays_up_until_it_is_stopped_and_takes_everything_down_with_it(
    folder: Path, number: signal.Signals
) -> None:
    process = demo(folder)
    try:
        out = _read_until_up(process)
        assert "claude mcp add --transport http warded http://127.0.0.1:" in out
        assert re.search(r"/setup\s+one-time code (\w{5}-){3}\w{5}", out)
        [url] = re.findall(r"Sign in\s+(http://[\d.:]+)/login", out)
        assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 200
        assert httpx.get(f"{url}/api/docs", trust_env=False).status_code == 200
        second, words = play(folder)
        assert second == 1
        assert "another demo is running" in words
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert "Stopped" in rest
    assert leftovers(folder) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/readyz", trust_env=False)


def _read_until_up(process: subprocess.Popen[str]) -> str:
    """What it prints until the closing panel is whole."""
    assert process.stdout is not None
    lines: list[str] = []
    deadline = time.monotonic() + STORY_SECONDS
    for line in process.stdout:
        lines.append(line)
        if time.monotonic() > deadline or ("╰" in line and any(UP in each for each in lines)):
            break
    return "".join(lines)
