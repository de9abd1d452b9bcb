"""Where an SSH server is and how it is known: the address of a Resource, read once.

`ssh://host:port?host_key=SHA256:…` pins the server's key by its fingerprint (RFC 8308's sibling tools print it);
`?known_hosts=/path` takes a file of `ssh-keyscan` or with `@cert-authority` lines. One of them is required: a server
that is not known gets no credential. `?auth=ca` means that the login's secret is a certificate authority's key: each
person gets a certificate of a few minutes with the person's name as key id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, urlsplit

DEFAULT_PORT = 22
KNOWN = frozenset({"host_key", "known_hosts", "auth"})
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@dataclass(frozen=True, slots=True)
class Address:
    """`host_keys` are fingerprints (SHA-256, base64), `known_hosts` the path of a file; one of them is not empty."""

    host: str
    port: int
    host_keys: tuple[str, ...] = ()
    known_hosts: str = ""
    auth: Literal["key", "ca"] = "key"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def read_address(url: str) -> Address:
    """The address of a Resource. Raises ValueError for anything that it does not understand."""
    parts = urlsplit(url)
    if parts.scheme != "ssh" or not parts.hostname:
        raise ValueError("an address of SSH is ssh://host:port?host_key=SHA256:…")
    if parts.username or parts.password:
        raise ValueError("an address has no user and no password; those are in the logins")
    options = parse_qs(parts.query.replace("+", "%2B"), keep_blank_values=True)  # fingerprints hold plus signs
    if unknown := options.keys() - KNOWN:
        raise ValueError(f"unknown option {sorted(unknown)[0]!r} in the address")
    host_keys = tuple(options.get("host_key", ()))
    if wrong := [key for key in host_keys if not _FINGERPRINT.fullmatch(key)]:
        raise ValueError(f"host_key is not a fingerprint as ssh-keygen -l prints it: {wrong[0][:60]!r}")
    known_hosts = options.get("known_hosts", [""])[-1]
    if not host_keys and not known_hosts:
        raise ValueError("the server's key is not named: add ?host_key=SHA256:… (ssh-keyscan HOST | ssh-keygen -lf -)")
    auth = options.get("auth", ["key"])[-1]
    if auth not in ("key", "ca"):
        raise ValueError("auth is key or ca")
    return Address(
        parts.hostname, parts.port or DEFAULT_PORT, host_keys, known_hosts, auth="ca" if auth == "ca" else "key"
    )
