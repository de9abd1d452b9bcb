"""What a URL, a path and a secret reference in the configuration may look like.

Each type is a pydantic annotation. Paths and `file:` references are relative
to the folder of the configuration file, which the loader gives as validation
context `{"folder": Path}`; without a context they stay as written.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SQLITE = "sqlite+aiosqlite:///"
_POSTGRES = "postgresql+asyncpg://"
REFERENCE_FORMS = ("env:", "file:")


def problem(what: str, remedy: str, *, key: str = "") -> PydanticCustomError:
    """An error with what to do about it; `key` names the key below the place where it is raised."""
    # Pydantic fills {braces} of a template, so the words go in as values: they may hold braces of the user.
    return PydanticCustomError("warded", "{what}", {"what": what, "remedy": remedy, "key": key})


def is_loopback(host: str) -> bool:
    """Whether `host` (an address or a name, IPv6 without brackets) can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_file(info: ValidationInfo) -> bool:
    return bool(info.context)


def _anchored(path: Path, info: ValidationInfo) -> Path:
    return (info.context or {})["folder"] / path.expanduser() if _from_file(info) else path


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for ports out of range
    except ValueError:
        raise problem("this is not a URL", "Write it as scheme://host:port.") from None
    return parts


def _bare_origin(url: str) -> SplitResult:
    """scheme://host[:port] in the one spelling that browsers and OAuth clients use too, so that strings compare."""
    parts = _split(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise problem("this is not an http(s) URL", "Write it as https://host or http://127.0.0.1:port.")
    if parts.username is not None or parts.password is not None:
        raise problem("a user or password has no place in this URL", "Leave out everything before the @.")
    if parts.path or parts.query or parts.fragment or url.endswith(("?", "#")):
        raise problem(
            "only scheme, host and port may stand here: no trailing slash, path or query",
            f"Write {parts.scheme}://{parts.netloc}.",
        )
    plain = f"{parts.scheme}://{parts.netloc}".lower()
    if parts.port == _DEFAULT_PORTS[parts.scheme]:
        plain = plain.rsplit(":", 1)[0]
    if url != plain:
        raise problem("this is not the canonical spelling that clients compare with", f"Write {plain}.")
    return parts


def _public_url(url: str) -> str:
    parts = _bare_origin(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise problem("http would show tokens to the network", f"Write https://{parts.netloc}.")
    return url


def _origin(url: str) -> str:
    _bare_origin(url)
    return url


def _reference(text: str, info: ValidationInfo) -> str:
    form, colon, rest = text.partition(":")
    if not text:
        return text
    if form + colon not in REFERENCE_FORMS or not rest:
        raise problem(
            "a secret must not stand in this file",
            "Refer to it: env:NAME for an environment variable, file:/path for a file.",
        )
    return f"file:{_anchored(Path(rest), info)}" if form == "file" else text


def _store_url(url: str, info: ValidationInfo) -> str:
    if not url:
        return url
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return f"{_SQLITE}{_anchored(Path(url.removeprefix(_SQLITE)), info)}"
    if not url.startswith(_POSTGRES):
        raise problem(
            "this is not a store that Warded knows", f"Write {_SQLITE}path/warded.db or {_POSTGRES}user@host/database."
        )
    if _from_file(info):  # a URL that a program puts together stands in no file
        _no_password(_split(url), "store.password")
    return url


def _target_address(url: str) -> str:
    if url == "stdio:":  # a child process, whose command stands elsewhere
        return url
    parts = _split(url)
    if not parts.scheme or not parts.netloc:
        raise problem("this is not a URL", "Write it as postgres://host:5432/database.")
    _no_password(parts, "password of a login")
    if parts.username is not None:
        raise problem("a user has no place in this URL", "Name the accounts under logins.")
    return url


def _time_zone(name: str) -> str:
    from policy.zones import zone_named

    try:
        zone_named(name)
    except ValueError as error:
        raise problem(str(error), "Write the name of an IANA time zone, such as Europe/Vienna.") from None
    return name


def _no_password(parts: SplitResult, where: str) -> None:
    queried = any("password" in name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    if parts.password is not None or queried:
        raise problem("a secret must not stand in this file", f"Take the password out of the URL; set {where}.")


_REFERENCE_SCHEMA = {"type": "string", "pattern": r"^((env|file):.+)?$"}
_URL_SCHEMA = {"type": "string", "pattern": r"^https?://[^/?#]+$"}

FilePath = Annotated[Path, AfterValidator(_anchored)]
PublicUrl = Annotated[str, AfterValidator(_public_url), WithJsonSchema(_URL_SCHEMA)]
Origin = Annotated[str, AfterValidator(_origin), WithJsonSchema(_URL_SCHEMA)]
SecretReference = Annotated[str, AfterValidator(_reference), WithJsonSchema(_REFERENCE_SCHEMA)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
TargetAddress = Annotated[str, AfterValidator(_target_address)]

_REVIEWED = re.compile(r"extension:[^\s/]+|[^\s./]+\.[^\s./]+(/\d+)?")


def _reviewed(value: str) -> str:
    if not _REVIEWED.fullmatch(value):
        raise problem(f"{value!r} names no function", "Write schema.name, schema.name/2 or extension:name.")
    return value


ReviewedFunction = Annotated[str, AfterValidator(_reviewed)]
"""`schema.name`, `schema.name/2` (only with so many arguments), or `extension:name`."""
