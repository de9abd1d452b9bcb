"""Connections to one SSH server: the server is known first, then the account's key, certificate or password is shown.

Sources: RFC 4252 (authentication), RFC 4251 §4.1 (host keys), OpenSSH's PROTOCOL.certkeys (certificates).
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncssh

from backends.base import Secrets
from backends.errors import UpstreamError
from backends.ssh.address import Address
from catalog.model import Login

CONNECT_SECONDS = 10.0
KEEPALIVE_SECONDS = 15.0
CERTIFICATE_LIFE = "+5m"
CHANNELS = 8  # at once on one connection; OpenSSH's own limit (MaxSessions) is 10 unless set otherwise


class _Client(asyncssh.SSHClient):
    """Accepts the host keys that the address names, and no others."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        return key.get_fingerprint("sha256") in self._address.host_keys


class Connections:
    """One connection for each account, and with a certificate authority for each person. Belongs to one event loop."""

    def __init__(self, address: Address, secrets: Secrets) -> None:
        self._address, self._secrets = address, secrets
        self._open: dict[tuple[str, str, str], asyncssh.SSHClientConnection] = {}
        self._locks: dict[tuple[str, str, str], asyncio.Lock] = {}
        self._channels: dict[tuple[str, str, str], asyncio.Semaphore] = {}

    def channels(self, login: Login, person: str) -> asyncio.Semaphore:
        """Held by whoever uses a channel, so that the server's own limit is never met."""
        return self._channels.setdefault(self._key(login, person), asyncio.Semaphore(CHANNELS))

    async def get(self, login: Login, person: str) -> asyncssh.SSHClientConnection:
        """An open connection. Raises UpstreamError."""
        key = self._key(login, person)
        async with self._locks.setdefault(key, asyncio.Lock()):
            found = self._open.get(key)
            if found is None or found.is_closed():
                found = self._open[key] = await self.connect(login, person)
            return found

    async def close(self) -> None:
        for connection in self._open.values():
            connection.abort()
        self._open.clear()

    def _key(self, login: Login, person: str) -> tuple[str, str, str]:
        return (login.user, login.password, person if self._address.auth == "ca" else "")

    async def connect(self, login: Login, person: str) -> asyncssh.SSHClientConnection:
        """A new connection. Raises UpstreamError."""
        address = self._address
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncssh.connect(
                    address.host,
                    address.port,
                    username=login.user,
                    known_hosts=address.known_hosts or ([], [], []),
                    client_factory=lambda: _Client(address),
                    config=None,
                    agent_path=None,
                    gss_host=None,
                    keepalive_interval=KEEPALIVE_SECONDS,
                    keepalive_count_max=3,
                    **self._credential(login, person),
                )
        except asyncssh.HostKeyNotVerifiable:
            raise _unknown_host(address) from None
        except asyncssh.PermissionDenied:
            words = f"{address} refuses the account {login.user}"
            remedy = "Check the login's secret, and that the host accepts this key or certificate authority."
            raise UpstreamError("authentication", words, words, exposes_data=False, remedy=remedy) from None
        except (OSError, TimeoutError, asyncssh.Error) as error:
            words = f"{address} cannot be reached: {type(error).__name__}"
            raise UpstreamError(
                "unreachable", words, words, exposes_data=False, remedy="Check address and network."
            ) from None

    def _credential(self, login: Login, person: str) -> dict[str, Any]:
        """What asyncssh is to show: a key, a fresh certificate for this person, or a password. Raises UpstreamError."""
        secret = self._secrets(login.password) if login.password else ""
        if "PRIVATE KEY-----" not in secret:
            return {"password": secret, "client_keys": None, "preferred_auth": "password,keyboard-interactive"}
        try:
            key = asyncssh.import_private_key(secret)
        except (asyncssh.KeyImportError, ValueError):
            words = f"the secret of the login {login.user} is not a private key that can be read"
            raise UpstreamError(
                "credential", words, words, exposes_data=False, remedy="Use a key without a passphrase."
            ) from None
        if self._address.auth == "ca":
            return {"client_keys": [_certified(key, login.user, person)], "preferred_auth": "publickey"}
        return {"client_keys": [key], "preferred_auth": "publickey"}


def _certified(
    authority: asyncssh.SSHKey, account: str, person: str
) -> tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]:
    """A new key and its certificate: for this account only, under the person's name, for a few minutes."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    certificate = authority.generate_user_certificate(
        key,
        person or account,
        principals=[account],
        valid_before=CERTIFICATE_LIFE,
        permit_x11_forwarding=False,
        permit_agent_forwarding=False,
        permit_port_forwarding=False,
        permit_user_rc=False,
    )
    return key, certificate


def _unknown_host(address: Address) -> UpstreamError:
    words = f"the key of {address} is not the one that the configuration names"
    remedy = "If the host was set up anew, put its fingerprint into the address; if not, somebody may stand between."
    return UpstreamError("authentication", words, words, exposes_data=False, remedy=remedy)
