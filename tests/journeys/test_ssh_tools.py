"""An agent works on a real OpenSSH server: commands, files, refusals, masks, holds and the record."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from backends.ssh.address import read_address
from server.config import Config
from tests.support.clients.mcp_http import call
from tests.support.gateway import POLICY, Running, free_port, running_gateway
from tests.support.servers.ssh import SshServer, running_sshd

pytestmark = pytest.mark.anyio
AGENT_RULES = """
@id("agents-may-run-what-was-agreed")
permit (
  principal in Group::"developers",
  action in [Action::"administer", Action::"transfer"],
  resource
);
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def host_config(folder: Path, host: SshServer, *, auth: str = "key", **sections: Any) -> Config:
    policies = folder / "policies"
    policies.mkdir(exist_ok=True)
    (policies / "people.cedar").write_text(POLICY + AGENT_RULES)
    secret = host.authority if auth == "ca" else host.key
    return Config.model_validate(
        {
            "state_dir": folder / "state",
            "server": {"public_url": f"http://127.0.0.1:{(port := free_port())}", "port": port},
            "policy": {"folder": policies},
            "limits": {"approval_wait_seconds": 5, "statement_seconds": 5, "max_bytes": 200_000},
            "resources": {
                "web": {
                    "kind": "ssh",
                    "address": host.address(auth=auth),
                    "tags": {"env": "staging", "approvers": "leads", "agents": "read_write"},
                    "logins": [{"user": host.user, "password": f"file:{secret}"}],
                }
            },
            **sections,
        }
    )


@pytest.fixture
async def running(tmp_path: Path, host: SshServer) -> AsyncIterator[Running]:
    async with running_gateway(host_config(tmp_path, host)) as found:
        yield found


@pytest.fixture
async def http(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
        yield client


@pytest.fixture
async def token(running: Running) -> str:
    return await running.agent_token()


async def execute(http: httpx.AsyncClient, token: str, command: str, **more: Any) -> dict[str, Any]:
    return await call(http, token, "ssh_exec", resource="web", command=command, **more)


async def test_a_command_gives_both_outputs_apart_and_its_exit_status(http: httpx.AsyncClient, token: str) -> None:
    found = await execute(http, token, "echo out; echo err >&2; cat; exit 3", stdin="typed in\n")
    assert (found["status"], found["outcome"]) == ("ok", "3")
    assert found["texts"] == {"stdout": "out\ntyped in\n", "stderr": "err\n"}


async def test_arguments_are_passed_as_they_are(http: httpx.AsyncClient, token: str) -> None:
    found = await call(http, token, "ssh_exec", resource="web", argv=["printf", "%s|", "$HOME", "a b", "; id", "*"])
    assert found["texts"] == {"stdout": "$HOME|a b|; id|*|"}


async def test_what_harms_the_host_is_refused_and_never_reaches_it(
    http: httpx.AsyncClient, token: str, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "x").write_text("1")
    for command in (
        f"cd {precious} && rm -rf *",
        f"echo cm0gLXJmICo= | base64 -d | (cd {precious}; sh)",
        "cat /etc/shadow",
    ):
        found = await execute(http, token, command)
        assert found["status"] == "denied", command
        assert found["next_step"].startswith("Nothing was executed.")
    assert (precious / "x").exists()


async def test_sensitive_values_in_what_is_printed_are_masked(
    http: httpx.AsyncClient, token: str, tmp_path: Path, running: Running
) -> None:
    (tmp_path / "app.log").write_text("2026-11-24 login of anna.berg@example.org from build 4711\nversion 1.2.3.4\n")
    found = await execute(http, token, f"cat {tmp_path}/app.log")
    assert "anna.berg@example.org" not in str(found)
    assert "build 4711" in found["texts"]["stdout"]
    assert {"column": "stdout", "label": "EMAIL", "mask": "redact"} in found["masked"]
    read = await call(http, token, "ssh_read_file", resource="web", path=str(tmp_path / "app.log"))
    assert "anna.berg@example.org" not in str(read)
    assert read["outcome"].endswith("bytes")


async def test_a_folder_is_listed_as_rows(http: httpx.AsyncClient, token: str, tmp_path: Path) -> None:
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "b.txt").write_text("12345")
    (tmp_path / "things" / "a").mkdir()
    found = await call(http, token, "ssh_list_dir", resource="web", path=str(tmp_path / "things"))
    assert [row[:3] for row in found["rows"]][1] == ["b.txt", "file", 5]
    assert found["rows"][0][1] == "folder"


async def test_a_file_is_planned_as_a_difference_then_written_in_one_step(
    http: httpx.AsyncClient, token: str, tmp_path: Path
) -> None:
    target = tmp_path / "app.conf"
    target.write_text("a = 1\nb = 2\n")
    target.chmod(0o640)
    wish = {"resource": "web", "path": str(target), "content": "a = 1\nb = 3\n"}
    planned = await call(http, token, "ssh_write_file", **wish, dry_run=True)
    assert "-b = 2\n+b = 3\n" in planned["texts"]["diff"]
    assert target.read_text() == "a = 1\nb = 2\n"
    stale = await call(http, token, "ssh_write_file", **wish, expected_sha256="0" * 64)
    assert (stale["status"], stale["error"]["code"]) == ("failed", "conflict")
    known = hashlib.sha256(target.read_bytes()).hexdigest()
    done = await call(http, token, "ssh_write_file", **wish, expected_sha256=known)
    assert done["status"] == "ok"
    assert target.read_text() == "a = 1\nb = 3\n"
    assert target.stat().st_mode & 0o777 == 0o640
    assert [name for name in os.listdir(tmp_path) if "app.conf" in name] == ["app.conf"]


async def test_a_system_file_is_not_written(http: httpx.AsyncClient, token: str) -> None:
    found = await call(http, token, "ssh_write_file", resource="web", path="/etc/warded-was-here", content="x")
    assert found["status"] == "denied"
    assert "warded-was-here" not in os.listdir("/etc")


async def test_a_command_that_runs_too_long_is_ended_on_the_host(
    http: httpx.AsyncClient, token: str, tmp_path: Path
) -> None:
    mark = f"600.{free_port()}"
    found = await execute(http, token, f"tail -f --sleep-interval={mark} /dev/null", timeout=1)
    assert (found["status"], found["error"]["code"]) == ("failed", "timeout")
    for _ in range(100):
        if not running_with(mark):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the command is still there")


def running_with(argument: str) -> bool:
    """Whether a process of this machine has this argument."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if argument.encode() in file.read():
                    return True
        except OSError:
            continue  # it ended while we looked
    return False


async def test_output_without_end_is_cut_and_the_command_ended(http: httpx.AsyncClient, token: str) -> None:
    found = await execute(http, token, "yes warded")
    assert (found["status"], found["truncated"]) == ("ok", "bytes")
    assert len(found["texts"]["stdout"]) <= 200_000


async def test_an_unknown_program_waits_for_a_person_who_sees_all_of_it(
    running: Running, http: httpx.AsyncClient, token: str, tmp_path: Path
) -> None:
    script = tmp_path / "deploy.sh"
    script.write_text("#!/bin/sh\necho deployed $1\n")
    script.chmod(0o755)
    waiting = asyncio.create_task(execute(http, token, f"{script} now"))
    headers = {"Authorization": f"Bearer {await running.person_token('lee')}"}
    for _ in range(200):
        if pending := await running.gateway.approvals.list(status="pending", limit=1):
            break
        await asyncio.sleep(0.02)
    assert pending[0].text == f"{script} now"
    await http.post(f"/api/v1/requests/{pending[0].id}/approve", headers=headers, json={})
    found = await waiting
    assert found["texts"] == {"stdout": "deployed now\n"}


async def test_each_person_gets_a_certificate_of_their_own(tmp_path: Path, host: SshServer) -> None:
    async with (
        running_gateway(host_config(tmp_path, host, auth="ca")) as running,
        httpx.AsyncClient(base_url=running.url, timeout=30) as http,
    ):
        for user in ("dana", "lee"):
            found = await execute(http, await running.agent_token(user), "echo hi")
            assert found["texts"] == {"stdout": "hi\n"}
    log = host.log.read_text()
    assert 'ID "dana"' in log or "ID dana" in log
    assert 'ID "lee"' in log or "ID lee" in log


async def test_a_host_with_another_key_gets_no_credential(tmp_path: Path, host: SshServer) -> None:
    config = host_config(tmp_path, host)
    wrong = config.resources["web"].model_copy(
        update={"address": host.address().replace(host.fingerprint, "SHA256:" + "A" * 43)}
    )
    config = config.model_copy(update={"resources": {"web": wrong}})
    async with running_gateway(config) as running, httpx.AsyncClient(base_url=running.url, timeout=30) as http:
        found = await execute(http, await running.agent_token(), "echo hi")
    assert (found["status"], found["error"]["code"]) == ("failed", "authentication")
    assert "is not the one that the configuration names" in found["error"]["message"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ssh://host", "the server's key is not named"),
        ("ssh://host?host_key=MD5:aa", "not a fingerprint"),
        ("ssh://me@host?known_hosts=/x", "no user"),
        ("ssh://host?known_hosts=/x&hostkey=y", "unknown option"),
        ("http://host", "ssh://"),
        ("ssh://host?known_hosts=/x&auth=none", "auth is key or ca"),
    ],
)
def test_an_address_that_cannot_be_trusted_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_address(url)
