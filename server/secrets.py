"""Secrets by reference: resolved just before use, and hard to print by accident."""

from __future__ import annotations

import hmac
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

MAX_BYTES = 65_536


class SecretUnavailable(Exception):
    """A reference cannot be resolved. The message names the reference, never a value; `remedy` says what to do."""

    def __init__(self, reference: str, what: str, remedy: str) -> None:
        super().__init__(f"{reference}: {what}")
        self.remedy = remedy


class Secret:
    """A value whose only way out is `expose`, which is easy to search for."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def expose(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash of a short secret is an oracle for it

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")


def resolve(reference: str, environ: Mapping[str, str] = os.environ) -> Secret:
    """The secret that `env:NAME` or `file:/path` refers to; "" is the empty secret. Raises SecretUnavailable.

    One newline at the end of a file is not part of the secret.
    """
    form, _, rest = reference.partition(":")
    if not reference:
        return Secret("")
    if form == "env" and rest:
        return Secret(_from_environment(reference, rest, environ))
    if form == "file" and rest:
        return Secret(_from_file(reference, Path(rest)))
    # The text is not repeated: it may be the secret itself.
    raise SecretUnavailable("secret", "this is not a reference", "Write env:NAME or file:/path.")


def exposed(reference: str) -> str:
    """`resolve` for the callers that hand the value to a driver: this is `backends.base.Secrets`."""
    return resolve(reference).expose()


def _from_environment(reference: str, name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not value:
        raise SecretUnavailable(reference, "the variable is not set or empty", f"Set {name} for the warded process.")
    return value


def _from_file(reference: str, path: Path) -> str:
    try:
        # O_NONBLOCK: a named pipe in this place must not hang the gateway.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _check_file(reference, path, status)
            data = file.read(MAX_BYTES)
        value = data.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        what = f"the file cannot be read: {(error.strerror or 'error').lower()}"
        raise SecretUnavailable(reference, what, "Check its path and owner.") from None
    except UnicodeDecodeError:
        raise SecretUnavailable(reference, "the file is not text", "Store the secret as UTF-8 text.") from None
    if not value:
        raise SecretUnavailable(reference, "the file is empty", "Write the secret into it.")
    return value


def _check_file(reference: str, path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretUnavailable(reference, "this is not a regular file", "Name a file that holds the secret.")
    if status.st_mode & (stat.S_IROTH | stat.S_IWOTH):
        remedy = f"chmod o-rwx {path} (Kubernetes: set defaultMode: 0400 on the secret volume)."
        raise SecretUnavailable(reference, "every user of this machine can read it", remedy)
    if status.st_size >= MAX_BYTES:
        raise SecretUnavailable(reference, "the file is too large for a secret", "Name the right file.")
