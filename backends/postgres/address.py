"""Where a PostgreSQL server is and how the way there is protected: the address of a Resource, read once.

`postgres://host:port/database?sslmode=verify-full&sslrootcert=/path.pem`, or `?host=/folder` for a Unix socket. The
names are libpq's. Without `sslmode` the certificate is verified, except on loopback and Unix sockets, where nothing is
encrypted unless asked for.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import parse_qs, unquote, urlsplit

SslMode = Literal["disable", "require", "verify-ca", "verify-full"]
DEFAULT_PORT = 5432
KNOWN = frozenset({"host", "sslmode", "sslrootcert"})


@dataclass(frozen=True, slots=True)
class Address:
    """`socket` is the path of a Unix socket, "" for TCP. `root_certificate` is a PEM file, "" = the system's store."""

    host: str
    port: int
    database: str
    ssl_mode: SslMode
    root_certificate: str = ""
    socket: str = ""

    @property
    def encrypted(self) -> bool:
        return self.ssl_mode != "disable"

    @property
    def verified(self) -> bool:
        """Whether we know who is at the other end before a password goes there."""
        return self.ssl_mode.startswith("verify-")

    @property
    def local(self) -> bool:
        """Whether the bytes stay on this machine."""
        return bool(self.socket) or _loopback(self.host)

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


def read_address(url: str) -> Address:
    """The address of a Resource. Raises ValueError for anything it does not understand, so that a typo in `sslmode`
    cannot switch protection off."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("an address of PostgreSQL begins with postgres://")
    if parts.username or parts.password:
        raise ValueError("an address has no user and no password; those are in the logins")
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if unknown := options.keys() - KNOWN:
        raise ValueError(f"unknown option {sorted(unknown)[0]!r} in the address")
    port = parts.port or DEFAULT_PORT
    folder = options.get("host", "")
    if folder and not folder.startswith("/"):
        raise ValueError("the option host is the folder of a Unix socket")
    socket = f"{folder}/.s.PGSQL.{port}" if folder else ""
    if socket and options.get("sslmode", "disable") != "disable":
        raise ValueError("PostgreSQL has no TLS on Unix sockets")
    host = "" if socket else parts.hostname or "127.0.0.1"
    return Address(
        host=host,
        port=port,
        database=unquote(parts.path.lstrip("/")) or "postgres",
        ssl_mode=_ssl_mode(options.get("sslmode"), local=bool(socket) or _loopback(host)),
        root_certificate=options.get("sslrootcert", ""),
        socket=socket,
    )


def tls_context(address: Address) -> ssl.SSLContext:
    """TLS 1.2 or newer; what is verified follows `ssl_mode`. Raises OSError for an unreadable `sslrootcert`."""
    context = ssl.create_default_context(cafile=address.root_certificate or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = address.ssl_mode == "verify-full"
    if not address.verified:
        context.verify_mode = ssl.CERT_NONE
    return context


def _ssl_mode(given: str | None, *, local: bool) -> SslMode:
    if given is None:
        return "disable" if local else "verify-full"
    if given not in get_args(SslMode):
        raise ValueError(f"sslmode is one of {', '.join(get_args(SslMode))}")
    return cast(SslMode, given)


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
