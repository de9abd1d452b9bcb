"""What the demo writes into its folder: configuration, policies, secrets, accounts.

.warded/demo/            (or --dir)
    warded.yaml          the configuration that `warded serve` reads
    policies/shop.cedar  who may do what
    secrets/             passwords of the database's roles, each file for its owner alone
    accounts.json        the demo's people and their passwords
    state/               Warded's own: store, records, keys
    postgres/            the embedded database
    gateway.log
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import yaml

from server.demo.database import Database
from server.demo.private import write_private

RESOURCE = "shop"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody who signs in to the demo."""

    name: str
    display_name: str
    groups: tuple[str, ...]
    role: str


DANA = Persona("dana", "Dana Okafor", ("developers",), "developer: reads, and asks for writes")
LEE = Persona("lee", "Lee Brandt", ("developers", "leads"), "lead: approves what others ask for")
ADA = Persona("ada", "Ada Novak", ("auditors",), "auditor: reads the records, no data")
PEOPLE = (DANA, LEE, ADA)


@dataclass(frozen=True, slots=True)
class Folder:
    """The demo's folder, as paths."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "warded.yaml"

    @property
    def policies(self) -> Path:
        return self.root / "policies"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def accounts(self) -> Path:
        return self.root / "accounts.json"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def gateway_log(self) -> Path:
        return self.root / "gateway.log"

    @property
    def lock(self) -> Path:
        return self.root / "lock"


def open_folder(root: Path) -> Folder:
    """Make the folders. Others may pass through (the database runs as another user when we are root), not look."""
    folder = Folder(root.resolve())
    folder.root.mkdir(parents=True, exist_ok=True)
    folder.root.chmod(0o711)
    for private in (folder.secrets, folder.policies):
        private.mkdir(mode=0o700, exist_ok=True)
    return folder


def role_passwords(folder: Folder, roles: Mapping[str, object]) -> dict[str, str]:
    """The password of each database role: kept from the last run, or new."""
    return {role: _kept_secret(folder.secrets / role) for role in roles}


def account_passwords(folder: Folder) -> dict[str, str]:
    """The password of each person: kept from the last run, or new."""
    known: dict[str, str] = json.loads(folder.accounts.read_text()) if folder.accounts.exists() else {}
    passwords = {person.name: known.get(person.name) or secrets.token_urlsafe(12) for person in PEOPLE}
    write_private(folder.accounts, json.dumps(passwords, indent=2) + "\n")
    return passwords


def write_policies(folder: Folder) -> None:
    """Copy our policy files; files that somebody added stay."""
    for source in files("server.demo").joinpath("policies").iterdir():
        if source.name.endswith(".cedar"):
            (folder.policies / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def write_config(folder: Folder, database: Database, *, port: int) -> None:
    text = yaml.safe_dump(_config(folder, database, port), sort_keys=False, width=100, allow_unicode=True)
    note = "# Written by `warded demo` at each start. Every key is explained in docs/configuration.md.\n"
    folder.config.write_text(note + text, encoding="utf-8")


def _config(folder: Folder, database: Database, port: int) -> dict[str, object]:
    return {
        "state_dir": str(folder.state),
        "server": {"public_url": f"http://127.0.0.1:{port}", "host": "127.0.0.1", "port": port},
        "policy": {"folder": str(folder.policies), "packs": ["baseline"]},
        "resources": {
            RESOURCE: {
                "kind": "postgres",
                "address": database.address,
                "description": "The web shop: customers, orders, payments, stock, support. Schema shop; hr is closed.",
                "tags": {"env": "prod", "team": "shop", "approvers": "leads"},
                "groups": ["shop"],
                "logins": [
                    _login(folder, "warded_hr", "hr"),
                    _login(folder, "warded_writer", "developers"),
                    _login(folder, "warded_reader"),
                ],
                "scanner": _login(folder, "warded_scanner"),
            }
        },
    }


def _login(folder: Folder, role: str, *groups: str) -> dict[str, object]:
    login: dict[str, object] = {"user": role, "password": f"file:{folder.secrets / role}"}
    return login | ({"groups": list(groups)} if groups else {})


def _kept_secret(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(18))
    return path.read_text()
