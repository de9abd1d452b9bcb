"""A real OpenSSH server on loopback, with its own keys and one account: the one that runs the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.require import require

STARTUP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SshServer:
    """`fingerprint` is of the host key; `key` and `authority` are paths of private keys that may log in."""

    host: str
    port: int
    user: str
    fingerprint: str
    key: Path
    authority: Path
    log: Path
    known_hosts: Path

    def address(self, *, auth: str = "key") -> str:
        return f"ssh://{self.host}:{self.port}?host_key={self.fingerprint}&auth={auth}"


def sshd() -> Path:
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    require(found is not None, "OpenSSH's server (sshd)", install="apt install openssh-server")
    return Path(str(found))


def _keygen(path: Path) -> str:
    """A new key; its fingerprint."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", path], check=True, capture_output=True, text=True)
    return shown.stdout.split()[1]


def _free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def running_sshd(folder: Path, *, lines: str = "") -> Iterator[SshServer]:
    """Up until the block ends. `lines` are added to its configuration."""
    program = sshd()
    folder.mkdir(parents=True, exist_ok=True)
    fingerprint = _keygen(folder / "host_key")
    _keygen(folder / "user_key")
    _keygen(folder / "authority")
    port, user = _free_port(), getpass.getuser()
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    host_key = (folder / "host_key.pub").read_text("utf-8").split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key[0]} {host_key[1]}\n", "utf-8")
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\nTrustedUserCAKeys {folder}/authority.pub\n"
        f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nLogLevel VERBOSE\n"
        f"Subsystem sftp internal-sftp\n{lines}",
        "utf-8",
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    log = folder / "sshd.log"
    process = subprocess.Popen([program, "-D", "-f", config, "-E", log], stdin=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield SshServer(
            "127.0.0.1",
            port,
            user,
            fingerprint,
            key=folder / "user_key",
            authority=folder / "authority",
            log=log,
            known_hosts=folder / "known_hosts",
        )
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "sshd ended at once"
        with closing(socket.socket()) as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("sshd does not answer")
