"""What can be seen on this machine alone: permissions, secrets, rules, the place of the records."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from backends import row_walk
from policy.check import check_folder
from policy.document import load_document
from server.config import Config
from server.doctor.line import Line, fail, ok, warn
from server.secrets import SecretUnavailable, resolve

OTHERS = stat.S_IRWXG | stat.S_IRWXO
SQLITE = "sqlite+aiosqlite:///"


def check_files(config: Config, path: Path) -> Iterator[Line]:
    """Who else on this machine could read the state or change the configuration."""
    if path.stat().st_mode & stat.S_IWOTH:
        yield fail("config", f"{path} can be changed by every user", f"chmod o-w {path}")
    for place in (config.state_dir, config.records_dir, sqlite_file(config)):
        if place is not None and place.exists():
            yield _private(place)


def sqlite_file(config: Config) -> Path | None:
    """The file of an SQLite store, None for a server."""
    return Path(config.store_url.removeprefix(SQLITE)) if config.store_url.startswith(SQLITE) else None


def check_secrets(config: Config) -> Iterator[Line]:
    """Every reference must resolve now, not when the first call needs it."""
    for where, reference in _references(config):
        try:
            resolve(reference)
        except SecretUnavailable as error:
            yield fail("secrets", f"{where}: {error}", error.remedy)
        else:
            yield ok("secrets", f"{where}: {reference}")


def check_policies(config: Config) -> Iterator[Line]:
    problems = check_folder(config.policy.folder, config.policy.packs)
    for problem in problems:
        make = fail if problem.level == "error" else warn
        yield make("policy", str(problem), "Edit the rule; `warded policy check` looks again.")
    if not any(problem.level == "error" for problem in problems):
        document = load_document(config.policy.folder, config.policy.packs, time_zone=config.policy.time_zone)
        yield ok("policy", f"{len(document.policies)} rules, version {document.version}")


def check_row_walk(config: Config) -> Iterator[Line]:
    """Masked rows of the native door cost their processor time here."""
    if config.listeners.postgres is None:
        return
    if row_walk() == "compiled":
        yield ok("row walk", "compiled")
    else:
        words = "in pure Python: large answers with hidden columns take many times the processor time"
        yield warn("row walk", words, "Install a C compiler, then install Warded again.")


def check_recording(config: Config) -> Iterator[Line]:
    """Without room for records nothing runs, so this is looked at as sternly as the store."""
    folder, floor = config.records_dir, config.recording.min_free_bytes
    place = next(each for each in (folder, *folder.parents) if each.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        yield fail("recording", f"{place} cannot be written", "Give the user that runs Warded write access to it.")
        return
    space = os.statvfs(place)
    free = space.f_bavail * space.f_frsize
    words = f"{folder}: {free // 1_000_000} MB free, calls are refused below {floor // 1_000_000} MB"
    if free < floor:
        yield fail("recording", words, "Free disk space, or set recording.folder to another disk.")
    elif free < 4 * floor:
        yield warn("recording", words, "Free disk space soon.")
    else:
        yield ok("recording", words)


def _private(place: Path) -> Line:
    mode = stat.S_IMODE(place.stat().st_mode)
    if not mode & OTHERS:
        return ok("files", f"{place} is private")
    wanted = "700" if place.is_dir() else "600"
    return warn("files", f"{place} is open to other users (mode {mode:o})", f"chmod {wanted} {place}")


def _references(config: Config) -> Iterator[tuple[str, str]]:
    yield from [("store.password", config.store.password)] if config.store.password else []
    for name, resource in config.resources.items():
        for login in [*resource.logins, *([resource.scanner] if resource.scanner else [])]:
            if login.password:
                yield f"resources.{name}, login {login.user}", login.password
