"""Paths of a command line: where they lead, and which of them nothing may change.

A path is protected when the system or everybody on it depends on it. Below a protected folder
everything is protected; a home folder, the root and a mount point are so only as a whole.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from backends.ssh.words import UNKNOWN, Word

TREES = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/run", "/sbin", "/sys",
"/usr", "/var", "/System", "/Library", "/Applications",
)  # fmt: skip
WHOLES = (
    "/", "/home", "/tmp", "/mnt", "/media", "/data", "/opt", "/srv", "/Users", "/backup", "/backups", "/var/www", "~",
)  # fmt: skip
OPEN = ("/var/tmp", "/var/www", "/var/cache", "/dev/shm", "/run/user", "/tmp", "/usr/src", "/usr/local/src")
WORKPLACES = ("/root", "/var", "/usr/local")  # protected, but the caller's own working folder may lie in them
SINKS = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full", "-"})
_DESCRIPTORS = re.compile(r"/dev/fd/[0-9]+|/proc/self/fd/[0-9]+")
_PERSISTENT = re.compile(
    r"(^|/)(\.ssh|\.gnupg|\.aws|\.kube|\.docker|\.config/(systemd|autostart))(/|$)|"
    r"(^|/)\.(bash_profile|bashrc|bash_login|bash_logout|profile|zshrc|zshenv|zprofile|zlogin|login|cshrc|pam_environment|"
    r"netrc|pgpass|my\.cnf|npmrc|pypirc|git-credentials|gitconfig|vimrc|forward|rhosts|shosts|bash_history|zsh_history)$"
)
_CREDENTIALS = re.compile(
    r"^/etc/(shadow-?|gshadow-?|sudoers(\.d/.*)?|security/opasswd|krb5\.keytab|ssl/private(/.*)?|ssh/ssh_host_\w*key)$|"
    r"(^|/)\.ssh/(id_\w+|identity|[\w.-]*_(rsa|dsa|ecdsa|ed25519)|[\w.-]*\.pem)$|"
    r"(^|/)(id_rsa|id_dsa|id_ecdsa|id_ed25519)$|"
    r"(^|/)\.(pgpass|netrc|git-credentials|my\.cnf|npmrc|pypirc|vault-token|boto|s3cfg|htpasswd)$|"
    r"(^|/)\.(aws/credentials|kube/config|docker/config\.json|config/gcloud/.*|azure/.*|gnupg(/.*)?)$|"
    r"(^|/)\.env(\.[\w-]+)?$|(^|/)[\w.-]*(secrets?|credentials?)\.(ya?ml|json|txt|env|toml|ini)$|"
    r"(^|/)[\w.-]+\.(key|p12|pfx|jks|keytab|kdbx)$|"
    r"^/proc/([0-9]+|self|\*)/(environ|mem)$|^/dev/(mem|kmem|port|sd|hd|vd|xvd|nvme|mmcblk|dm-|md|mapper/|disk/)[\w/-]*$|^/var/run/secrets(/.*)?$|^/run/secrets(/.*)?$"
)
_EXAMPLES = re.compile(r"\.(example|sample|template|dist|pub)$")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a command stands: `cwd` ("" = not known), `home` and the paths that are protected besides."""

    cwd: str
    home: str
    protected: tuple[str, ...] = ()

    def place(self, word: Word) -> str:
        """The path that a word names, normal form; with UNKNOWN or a pattern where it holds them."""
        text = word.text
        if text == "~" or text.startswith("~/"):
            text = self.home + text[1:]
        if not text.startswith(("/", "~", UNKNOWN)):
            text = f"{self.cwd}/{text}" if self.cwd else text
        normal = posixpath.normpath(text) if text else ""
        return "/" + normal.lstrip("/") if normal.startswith("//") else normal

    def protects(self, word: Word, *, below: bool = True) -> bool:
        """Whether changing this path changes a protected one. `below`: the whole tree under it goes as well."""
        path = self.place(word)
        if path in SINKS or _DESCRIPTORS.fullmatch(path):
            return False
        if path.startswith(UNKNOWN):
            return "/" in path[1:2] and len(path) < 4  # `$X/`, `$X/*`: the root, where the variable is empty
        bare = _before_pattern(path)
        if word.glob and bare != path:
            return self._covers(bare or ("." if not path.startswith("/") else "/"), below=True) or self._inside(bare)
        return self._inside(path) or (below and self._covers(path, below=below)) or bool(_PERSISTENT.search(path))

    def _inside(self, path: str) -> bool:
        if any(_under(path, tree) for tree in OPEN) or self._works_in(path):
            return any(_under(path, own) for own in self._own())
        return any(_under(path, tree) for tree in (*TREES, *self._own())) or path in ("/", "~")

    def _works_in(self, path: str) -> bool:
        """Whether the path lies below the folder in which the caller works, where that may be worked in."""
        if self.cwd.count("/") < 2 or not _under(path, self.cwd) or path == self.cwd:
            return False
        return any(_under(self.cwd, tree) and self.cwd != tree for tree in WORKPLACES)

    def _covers(self, path: str, *, below: bool) -> bool:
        """Whether a protected place lies at or under `path`."""
        if path in WHOLES or path == self.home or re.fullmatch(r"/(home|Users|mnt|media)/[^/]+", path):
            return True
        if path in ("..", "../..") or path.startswith("../.."):
            return True
        return any(_under(protected, path) for protected in self._own())

    def _own(self) -> Iterable[str]:
        return (self.place(Word(_before_pattern(path).rstrip("/") or "/")) for path in self.protected)

    def is_everything_here(self, word: Word) -> bool:
        """Whether the word names all of the current folder, or of a folder that is not known."""
        text = word.text
        if text.rstrip("/") in (".", "..", "*", "./*", "", "./.", ".*", "**", "*.*", "./*.*", ".[!.]*", ".??*"):
            return True
        return text.startswith(UNKNOWN) and len(text.strip(UNKNOWN + "/*.")) == 0


def holds_credentials(path: str) -> bool:
    """Whether a file of this path usually holds passwords or keys."""
    return bool(_CREDENTIALS.search(path)) and not _EXAMPLES.search(path)


def _under(path: str, tree: str) -> bool:
    return path == tree or (tree == "/" and path == "/") or (tree != "/" and path.startswith(tree + "/"))


def _before_pattern(path: str) -> str:
    """The folder that stands before the first part with a pattern in it."""
    parts = path.split("/")
    for index, part in enumerate(parts):
        if any(character in part for character in "*?["):
            return "/".join(parts[:index]) or ("/" if path.startswith("/") else "")
    return path
