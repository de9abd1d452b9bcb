"""People's own ssh, scp and sftp through the native door to a real OpenSSH server."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pytest

from tests.journeys.test_ssh_tools import host_config
from tests.support.gateway import Running, free_port, running_gateway
from tests.support.servers.ssh import SshServer, running_sshd

pytestmark = pytest.mark.anyio
WAIT = 20.0


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Door:
    running: Running
    port: int
    folder: Path

    async def run(self, *words: str, user: str = "dana", stdin: bytes = b"") -> tuple[int, str, str]:
        """One of OpenSSH's programs with a token as the password, by its own way of asking."""
        token = await self.running.person_token(user)
        ask = self.folder / "ask"
        ask.write_text(f"#!/bin/sh\necho '{token}'\n")
        ask.chmod(0o700)
        program, *rest = words
        options = ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"]
        options += ["-o", "PubkeyAuthentication=no", "-F", "none", "-P" if program in ("scp", "sftp") else "-p"]
        environment = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}
        process = await asyncio.create_subprocess_exec(
            program,
            *options,
            str(self.port),
            *rest,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        out, err = await asyncio.wait_for(process.communicate(stdin), WAIT)
        return process.returncode or 0, out.decode(), err.decode()

    async def client(self, user: str = "dana") -> asyncssh.SSHClientConnection:
        token = await self.running.person_token(user)
        return await asyncssh.connect(
            "127.0.0.1",
            self.port,
            username=f"{user}%web",
            password=token,
            known_hosts=None,
            config=None,
            agent_path=None,
        )

    def records(self) -> list[dict[str, object]]:
        found = []
        for path in (self.folder / "state" / "records").rglob("*.jsonl"):
            found += [json.loads(line) for line in path.read_text().splitlines()]
        return found


@pytest.fixture
async def door(tmp_path: Path, host: SshServer) -> AsyncIterator[Door]:
    config = host_config(tmp_path, host, listeners={"ssh": {"port": (port := free_port())}})
    async with running_gateway(config) as running:
        yield Door(running, port, tmp_path)


async def test_a_command_runs_with_its_input_both_outputs_and_its_exit_status(door: Door) -> None:
    code, out, err = await door.run("ssh", "dana%web@127.0.0.1", "cat; echo err >&2; exit 7", stdin=b"typed\n")
    assert (code, out, err) == (7, "typed\n", "err\n")


async def test_what_harms_the_host_is_refused_with_the_rule_and_what_would_pass(door: Door) -> None:
    code, out, err = await door.run("ssh", "dana%web@127.0.0.1", "rm -rf /etc")
    assert (code, out) == (126, "")
    assert "baseline.host-loss" in err
    assert "nothing was executed" in err


async def test_a_wrong_token_is_not_let_in(door: Door) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            "127.0.0.1", door.port, username="dana%web", password="no", known_hosts=None, config=None, agent_path=None
        )


async def test_what_is_printed_comes_masked(door: Door) -> None:
    (door.folder / "app.log").write_text("login of anna.berg@example.org from build 4711\n")
    code, out, _ = await door.run("ssh", "dana%web@127.0.0.1", f"cat {door.folder}/app.log")
    assert code == 0
    assert "anna.berg@example.org" not in out
    assert "build 4711" in out


async def test_files_go_both_ways_and_one_with_sensitive_values_does_not_leave(door: Door) -> None:
    (door.folder / "data.bin").write_bytes(bytes(range(256)) * 300)
    (door.folder / "people.csv").write_text("name,email\nAnna Berg,anna.berg@example.org\nBo Li,bo.li@example.org\n")
    code, _, err = await door.run("scp", str(door.folder / "data.bin"), f"dana%web@127.0.0.1:{door.folder}/up.bin")
    assert (code, err) == (0, "")
    assert (door.folder / "up.bin").read_bytes() == (door.folder / "data.bin").read_bytes()
    code, _, err = await door.run("scp", f"dana%web@127.0.0.1:{door.folder}/up.bin", str(door.folder / "down.bin"))
    assert (code, err) == (0, "")
    assert (door.folder / "down.bin").read_bytes() == (door.folder / "data.bin").read_bytes()
    code, _, err = await door.run("scp", f"dana%web@127.0.0.1:{door.folder}/people.csv", str(door.folder / "stolen"))
    assert code != 0
    assert "Permission denied" in err  # OpenSSH's scp keeps the words of a refusal to itself
    assert "stolen" not in os.listdir(door.folder)
    code, _, err = await door.run("scp", str(door.folder / "data.bin"), "dana%web@127.0.0.1:/etc/warded-was-here")
    assert code != 0
    assert "warded-was-here" not in os.listdir("/etc")


async def test_a_folder_is_worked_on_by_sftp(door: Door) -> None:
    batch = door.folder / "batch"
    work = door.folder / "work"
    batch.write_text(
        f"mkdir {work}\nput {batch} {work}/a\nrename {work}/a {work}/b\nls {work}\nrm {work}/b\nrmdir {work}\n"
    )
    code, out, err = await door.run("sftp", "-oBatchMode=no", "-b", str(batch), "dana%web@127.0.0.1")
    assert (code, err) == (0, "")
    assert f"{work}/b" in out
    assert "work" not in os.listdir(door.folder)


async def test_a_shell_is_recorded_masked_and_its_file_stands_in_the_chain(door: Door) -> None:
    async with (
        await door.client() as connection,
        connection.create_process(term_type="xterm", term_size=(90, 30), encoding=None) as shell,
    ):
        shell.stdin.write(b"echo mail to anna.berg@example.org; exit 5\n")
        shown = await asyncio.wait_for(shell.stdout.read(), WAIT)
        await shell.wait_closed()
        assert shell.exit_status == 5
    assert b"anna.berg@example.org" not in shown
    await asyncio.sleep(0)
    recorded = [record for record in door.records() if "terminal.recorded/1" in json.dumps(record)]
    assert len(recorded) == 1
    (cast,) = (door.folder / "state").rglob("*.cast")
    header, *events = cast.read_text().splitlines()
    assert json.loads(header)["width"] == 90
    assert {json.loads(event)[1] for event in events} >= {"o", "i"}
    assert "anna.berg" not in cast.read_text()


async def test_several_channels_share_one_connection(door: Door) -> None:
    async with await door.client() as connection:
        results = await asyncio.gather(*(connection.run(f"echo {number}") for number in range(6)))
    assert [result.stdout for result in results] == [f"{number}\n" for number in range(6)]


async def test_ports_are_not_forwarded(door: Door) -> None:
    async with await door.client() as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("127.0.0.1", door.port)


async def test_a_revoked_log_in_ends_what_runs(door: Door) -> None:
    async with await door.client() as connection:
        running = asyncio.create_task(connection.run("tail -f /dev/null", check=False))
        for _ in range(200):
            if any("operation.opened" in json.dumps(record) for record in door.records()):
                break
            await asyncio.sleep(0.02)
        code = await _disable(door, "dana")
        assert code
        await asyncio.wait_for(asyncio.wait({running}), WAIT)
        assert connection.is_closed()


async def _disable(door: Door, user: str) -> bool:
    from server.store.models import User

    async with door.running.gateway.store.session() as session:
        row = await session.get(User, user)
        assert row is not None
        row.disabled_at = door.running.gateway.clock()
    return True
