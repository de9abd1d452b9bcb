"""git: reading verbs, changes of the working tree, and what cannot be taken back."""

from __future__ import annotations

import re

from backends.ssh.command import Case, Judge
from backends.ssh.scope import Stream
from policy.effects import Effect
from policy.model import Action

_READS = frozenset({
    "status", "log", "diff", "show", "blame", "grep", "ls-files", "ls-tree", "ls-remote", "rev-parse", "rev-list",
    "describe", "shortlog",
    "reflog", "cat-file", "count-objects", "version", "help", "whatchanged", "name-rev", "for-each-ref",
    "show-ref", "check-ignore",
    "diff-tree", "merge-base", "range-diff", "var", "verify-commit", "archive", "bundle", "fsck", "annotate",
    "cherry",
})  # fmt: skip
_LISTS = frozenset(
    {"branch", "tag", "remote", "stash", "config", "worktree", "notes", "submodule", "bisect", "sparse-checkout"}
)
_CHANGES = frozenset({
    "add", "commit", "checkout", "switch", "restore", "merge", "rebase", "cherry-pick", "revert", "mv", "am",
    "apply", "init", "stash",
    "branch", "tag", "remote", "worktree", "notes", "bisect", "rm", "reset", "clean", "gc", "prune", "repack",
    "pack-refs", "format-patch",
    "sparse-checkout", "update-index", "update-ref", "symbolic-ref",
})  # fmt: skip
_NETWORK = frozenset({"fetch", "pull", "clone", "push", "submodule", "send-email", "lfs"})


def git(case: Case) -> Stream:
    words = [word.text for word in case.command.operands(("-C", "-c", "--git-dir", "--work-tree", "--exec-path"))]
    verb, rest = (words[0], words[1:]) if words else ("status", [])
    texts = case.command.texts
    if any(
        re.match(r"(core\.(pager|editor|sshCommand|hooksPath|fsmonitor)|alias\.|\w+\.textconv|diff\.external)", text)
        for text in texts
    ):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    if "--output" in " ".join(texts) or case.command.has("--upload-pack", "--receive-pack", "--exec"):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    if verb in _READS or (verb in _LISTS and _only_lists(verb, rest, texts)):
        case.facts.add(Action.READ)
    elif verb in _NETWORK:
        _network(case, verb, texts)
    elif verb in _CHANGES:
        _changes(case, verb, rest)
    else:
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return Stream(None)


def _only_lists(verb: str, rest: list[str], texts: tuple[str, ...]) -> bool:
    if verb == "config":
        return bool({"--get", "--list", "-l", "--get-all", "get", "list"} & set(texts))
    if verb == "branch" and "-a" in texts:
        return not rest
    changing = {"-d", "-D", "-m", "-M", "-f", "--delete", "--force", "-c", "-C", "-u", "--set-upstream-to", "-a", "-s"}
    if verb in ("branch", "tag"):
        return (not rest and not changing & set(texts)) or bool({"-l", "--list", "--contains", "--merged"} & set(texts))
    if not rest:
        return verb in ("remote", "submodule", "notes")
    return rest[0] in ("list", "show", "get-url", "status", "log", "-v", "summary")


def _network(case: Case, verb: str, texts: tuple[str, ...]) -> None:
    if verb == "push":
        case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND)
        forced = case.command.has("-f", "--force", "--force-with-lease", "--mirror", "--delete", "--prune", "-d")
        if forced or any(text.startswith(("+", ":")) for text in texts[1:]):
            case.facts.add(Action.TRANSFER, Effect.BULK_DELETE)
    else:
        case.facts.add(Action.TRANSFER, Effect.NETWORK_FETCH)
        case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    if any(text.startswith("ext::") for text in texts):
        case.facts.add(Action.RUN, Effect.REMOTE_CODE)


def _changes(case: Case, verb: str, rest: list[str]) -> None:
    """The work that is not committed is lost for good by some of them."""
    case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    has = case.command.has
    dropped = verb == "stash" and rest[:1] in (["drop"], ["clear"])
    swept = verb in ("checkout", "restore") and "." in rest and not has("--staged")
    if (verb == "reset" and has("--hard")) or (verb == "clean" and not has("-n", "--dry-run")) or dropped or swept:
        case.facts.add(Action.WRITE, Effect.RECURSIVE_DELETE)
    if (verb == "branch" and has("-D")) or verb in ("prune", "update-ref", "gc") or (verb == "rm" and has("-r")):
        case.facts.add(Action.WRITE, Effect.RECURSIVE_DELETE)
    if verb == "clean" and has("-x", "-X") and not has("-n", "--dry-run"):
        case.facts.add(Action.WRITE, Effect.BULK_DELETE)


PROGRAMS: dict[str, Judge] = {"git": git, "hub": git}
