"""The TLS context of a native door, read anew when its files change: certificates are renewed without a restart."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import structlog

from backends.door import end_point_hash

log = structlog.get_logger("warded.native")


@dataclass(frozen=True, slots=True)
class Tls:
    """What a handshake needs. `binding` is tls-server-end-point of the certificate (RFC 5929 section 4.1)."""

    context: ssl.SSLContext
    binding: bytes | None


class Certificates:
    """PEM files of the certificate chain, its key, and the authority that client certificates must come from."""

    def __init__(self, certificate: Path, key: Path, *, client_authority: Path | None, alpn: tuple[str, ...]) -> None:
        self._files = [certificate, key, *([client_authority] if client_authority else [])]
        self._certificate, self._key, self._authority, self._alpn = certificate, key, client_authority, alpn
        self._seen = self._stamp()
        self._tls = self._load()

    def current(self) -> Tls:
        """As the files are now. Files that do not fit together are ignored, loudly, until they do."""
        try:
            stamp = self._stamp()
            if stamp != self._seen:
                self._tls, self._seen = self._load(), stamp
                log.info("certificate reloaded", file=str(self._certificate))
        except (OSError, ValueError, ssl.SSLError) as problem:
            log.error("the changed certificate is not used", file=str(self._certificate), problem=str(problem))
        return self._tls

    def _stamp(self) -> tuple[tuple[int, int], ...]:
        return tuple((found.st_mtime_ns, found.st_ino) for found in (path.stat() for path in self._files))

    def _load(self) -> Tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.load_cert_chain(self._certificate, self._key)
        context.set_alpn_protocols(list(self._alpn))
        if self._authority is not None:
            context.load_verify_locations(self._authority)
            context.verify_mode = ssl.CERT_OPTIONAL
        leaf = ssl.PEM_cert_to_DER_cert(_first(self._certificate.read_text()))
        return Tls(context, end_point_hash(leaf))


def _first(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    start = pem.index("-----BEGIN CERTIFICATE-----")
    return pem[start : pem.index(end, start) + len(end)]
