"""What a found server becomes: a resource without any secret in it, and files that hold the secrets."""

from __future__ import annotations

import math
import re
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from server.importing.reading import Found
from server.secrets import Secret

ACCOUNT = "service"
_VARIABLE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-[^}]*)?\}|\$([A-Za-z_][A-Za-z0-9_]*)")
_INPUT = re.compile(r"\$\{input:([^}]*)\}")
_SECRET_NAME = re.compile(
    r"(?i)(token|secret|passw|api[_-]?key|apikey|credential|private|auth|bearer|cookie|signature)"
)
_SECRET_VALUE = re.compile(
    r"(?:gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|ASIA|eyJ|npm_|hf_|dop_v1_|Bearer |Basic )\S{8,}"
    r"|://[^/\s:@]+:[^/\s@]+@"
)
_DULL_HEADERS = frozenset({"accept", "content-type", "user-agent"})


class Refused(Exception):
    """This server is not taken over. The message says why, without any value."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`resource` is the group of keys for warded.yaml; `secrets` are files to write, `missing` files that a person must
    write; `notes` say what was left out."""

    name: str
    found: Found
    resource: Mapping[str, Any]
    secrets: Mapping[Path, Secret] = field(default_factory=dict)
    missing: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Vault:
    """Turns values into references below one folder."""

    folder: Path
    server: str
    secrets: dict[Path, Secret] = field(default_factory=dict)
    missing: list[Path] = field(default_factory=list)

    def reference(self, name: str, value: str) -> str:
        if (variable := _VARIABLE.fullmatch(value)) is not None:
            return f"env:{variable[1] or variable[2]}"
        path = self.folder / f"{self.server}-{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}"
        if _INPUT.search(value):
            self.missing.append(path)
        elif _VARIABLE.search(value):
            raise Refused(f"the value of {name} mixes text and a variable")
        else:
            self.secrets[path] = Secret(value)
        return f"file:{path}"


def propose(found: Found, *, secrets: Path, taken: Collection[str]) -> Proposal:
    """Raises Refused for a server that cannot be described without showing a secret, or not at all."""
    name = _name(found.name, taken)
    vault, notes = _Vault(secrets, name), list[str]()
    resource = _child(found, vault, notes) if found.command else _remote(found, vault, notes)
    return Proposal(name, found, resource, vault.secrets, tuple(vault.missing), tuple(notes))


def looks_secret(word: str) -> bool:
    """A known form of a key, or a part that is as mixed as random ones are."""
    return bool(_SECRET_VALUE.search(word)) or any(_is_random(part) for part in re.split(r"[/=,:@.]", word))


def _is_random(part: str) -> bool:
    if re.fullmatch(r"[0-9a-fA-F]{32,}", part):
        return True
    kinds = (r"[0-9]", r"[a-z]", r"[A-Z]")
    if len(part) < 20 or not all(re.search(kind, part) for kind in kinds):
        return False
    return -sum(count / len(part) * math.log2(count / len(part)) for count in Counter(part).values()) > 3.6


def _child(found: Found, vault: _Vault, notes: list[str]) -> dict[str, Any]:
    program, *arguments = found.command
    if any(_VARIABLE.search(word) or _INPUT.search(word) for word in found.command):
        raise Refused("its command holds variables, which are not filled in here")
    _check_arguments(arguments)
    path = program if program.startswith("/") else shutil.which(program)
    if path is None:
        path = program
        notes.append(f"{program} was not found on this machine: write its absolute path")
    options: dict[str, Any] = {"command": [path, *arguments]}
    if found.directory:
        options["directory"] = found.directory
    if found.environment:
        options["environment"] = {
            name: vault.reference(name, value) for name, value in found.environment.items() if value
        }
    return {"kind": "mcp", "address": "stdio:", "logins": [{"user": ACCOUNT}], "mcp": options}


def _check_arguments(arguments: list[str]) -> None:
    """Command lines are visible to every user of a machine: no secret may stand there."""
    for word, before in zip(arguments, ["", *arguments], strict=False):
        flag, _, value = word.partition("=")
        named = (flag.startswith("-") and value and _SECRET_NAME.search(flag)) or (
            before.startswith("-") and "=" not in before and not word.startswith("-") and _SECRET_NAME.search(before)
        )
        if named or looks_secret(word):
            raise Refused("a secret seems to stand among its arguments: give it in an environment variable")


def _remote(found: Found, vault: _Vault, notes: list[str]) -> dict[str, Any]:
    _check_url(found.url)
    login: dict[str, str] = {"user": ACCOUNT}
    options: dict[str, Any] = {"transport": "sse"} if found.transport == "sse" else {}
    kept = {name: value for name, value in found.headers.items() if name.lower() not in _DULL_HEADERS}
    secret = {name: value for name, value in kept.items() if _SECRET_NAME.search(name) or looks_secret(value)}
    chosen = secret or kept
    if len(chosen) > 1:
        raise Refused(f"it needs {len(chosen)} headers, and one can be sent: {', '.join(sorted(chosen))}")
    for name, value in chosen.items():
        login["password"] = vault.reference(name, _bearer(name, value))
        if name.lower() != "authorization":
            options["header"] = name
    notes += [f"the header {name} is left out" for name in sorted(set(kept) - set(chosen))]
    resource: dict[str, Any] = {"kind": "mcp", "address": found.url, "logins": [login]}
    return resource | ({"mcp": options} if options else {})


def _bearer(name: str, value: str) -> str:
    if name.lower() != "authorization":
        return value
    scheme, _, rest = value.partition(" ")
    if rest and scheme.lower() != "bearer":
        raise Refused("its Authorization is not a bearer token")
    return rest.strip() or value


def _check_url(url: str) -> None:
    if _VARIABLE.search(url) or _INPUT.search(url):
        raise Refused("its URL holds variables, which are not filled in here")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused("its URL is not one") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("its URL is not one")
    if (
        parts.username is not None
        or any(
            _SECRET_NAME.search(name) or name.lower() == "key" or looks_secret(value)
            for name, value in parse_qsl(parts.query)
        )
        or any(looks_secret(part) for part in parts.path.split("/"))
    ):
        raise Refused("a secret seems to stand in its URL: give it in a header")


def _name(given: str, taken: Collection[str]) -> str:
    bare = re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-")[:50] or "server"
    return next(
        name for number in range(1, 10_000) if (name := bare if number == 1 else f"{bare}-{number}") not in taken
    )
