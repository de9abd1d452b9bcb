"""The TLS certificate that clients will be shown: does it hold, for how long, for which names."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from server.config import Config
from server.doctor.line import Line, fail, ok, warn

SOON_DAYS = 21


def check_certificates(config: Config, *, now: float) -> Iterator[Line]:
    """`now` is in UNIX seconds. Nothing is reported where TLS is not ours to end."""
    certificate_file, key_file = config.server.tls_certificate, config.server.tls_key
    if certificate_file is None or key_file is None:
        return
    try:
        leaf = x509.load_pem_x509_certificates(certificate_file.read_bytes())[0]
    except (OSError, ValueError):
        yield fail("tls", f"{certificate_file} is not a readable PEM certificate", "Check server.tls_certificate.")
        return
    yield _dates(leaf, datetime.fromtimestamp(now, UTC))
    yield _names(leaf, urlsplit(config.server.public_url).hostname or "")
    yield from _key(leaf, key_file)


def _dates(leaf: x509.Certificate, now: datetime) -> Line:
    end = leaf.not_valid_after_utc
    if now < leaf.not_valid_before_utc:
        return fail("tls", f"the certificate is valid from {leaf.not_valid_before_utc:%Y-%m-%d} only", "Set the clock.")
    if now >= end:
        return fail("tls", f"the certificate expired on {end:%Y-%m-%d}", "Renew it.")
    words = f"the certificate is valid until {end:%Y-%m-%d}"
    return warn("tls", words, "Renew it now.") if (end - now).days < SOON_DAYS else ok("tls", words)


def _names(leaf: x509.Certificate, host: str) -> Line:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return fail("tls", "the certificate names no host (no subjectAltName)", "Issue one for the public host name.")
    addresses = [str(address) for address in extension.get_values_for_type(x509.IPAddress)]
    names = [*extension.get_values_for_type(x509.DNSName), *addresses]
    if any(_covers(name.lower(), host.lower()) for name in names):
        return ok("tls", f"the certificate names {host}")
    return fail("tls", f"the certificate does not name {host} of server.public_url", "Issue one for that name.")


def _covers(pattern: str, host: str) -> bool:
    """RFC 9525 §6.3: a wildcard stands for exactly the left-most label."""
    return pattern == host or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])


def _key(leaf: x509.Certificate, path: Path) -> Iterator[Line]:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        yield fail("tls", f"{path} is not a readable PEM key without password", "Check server.tls_key.")
        return
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*form) != leaf.public_key().public_bytes(*form):
        yield fail("tls", f"{path} does not belong to the certificate", "Name the key that it was issued for.")
    else:
        yield ok("tls", "the key belongs to the certificate")
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield fail("tls", f"every user can read {path}", f"chmod o-rwx {path}")
