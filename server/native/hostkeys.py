"""The keys by which clients know the SSH door again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NAME = "ssh_host_ed25519_key"


def host_keys(configured: Sequence[Path], state: Path) -> tuple[str, ...]:
    """The configured keys, or the one of this installation; the first start makes it. Raises OSError."""
    if configured:
        return tuple(path.read_text("utf-8") for path in configured)
    path = state / NAME
    if not path.exists():
        _make(path)
    return (path.read_text("utf-8"),)


def _make(path: Path) -> None:
    """Readable by its owner alone, and never half written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    beside = path.with_suffix(f".{os.getpid()}")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        os.fsync(file.fileno())
    os.replace(beside, path)
