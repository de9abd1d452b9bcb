"""Programs that make, change, move and remove files."""

from __future__ import annotations

import re

from backends.ssh.command import Case, Judge
from backends.ssh.files import is_huge, permits, reads, removes, writes
from backends.ssh.paths import SINKS, holds_credentials
from backends.ssh.scope import Stream
from backends.ssh.words import Word
from policy.effects import Effect
from policy.model import Action

RECURSIVE = ("-r", "-R", "--recursive")


def rm(case: Case) -> None:
    tree = case.command.has(*RECURSIVE)
    for word in case.command.operands(("--interactive",)):
        removes(word, case.facts, case.ground, tree=tree)
    if case.command.has("--no-preserve-root"):
        case.facts.add(Action.WRITE, Effect.PROTECTED_PATH)
    if not case.command.operands():
        case.facts.add(Action.READ)


def unlink(case: Case) -> None:
    for word in case.command.operands():
        removes(word, case.facts, case.ground)


def shred(case: Case) -> None:
    """Overwrites so that nothing can be restored."""
    for word in case.command.operands(("-n", "-s", "--iterations", "--size", "--random-source")):
        removes(word, case.facts, case.ground)
        writes(word, case.facts, case.ground)
        case.facts.add(Action.WRITE, Effect.SHRED)


def move(case: Case) -> None:
    """What is moved is gone where it was; what lies at the target may be overwritten."""
    sources, target = _sources_and_target(case)
    nowhere = target is not None and target.text in SINKS
    for word in sources:
        removes(word, case.facts, case.ground, tree=nowhere)
        if case.ground.protects(word):
            case.facts.add(Action.WRITE, Effect.PROTECTED_PATH)
        if holds_credentials(case.ground.place(word)):
            case.facts.add(Action.READ, Effect.CREDENTIAL_READ)
    if target:
        writes(target, case.facts, case.ground)


def copy(case: Case) -> None:
    sources, target = _sources_and_target(case)
    for word in sources:
        reads(word, case.facts, case.ground)
    if target:
        writes(target, case.facts, case.ground)


def _sources_and_target(case: Case) -> tuple[list[Word], Word | None]:
    taking = ("-t", "--target-directory", "-S", "--suffix", "-m", "-o", "-g", "--mode", "--owner", "--group", "-Z")
    operands = case.command.operands(taking)
    folder = case.command.option("-t", "--target-directory")
    if folder:
        return operands, folder
    return operands[:-1], operands[-1] if operands else None


def install(case: Case) -> None:
    if case.command.has("-d", "--directory"):
        return make(case)
    copy(case)
    if mode := case.command.option("-m", "--mode"):
        _special_mode(mode.text, case)
    return None


def make(case: Case) -> None:
    """`mkdir`, `touch`, `mkfifo`: something new, or a new time stamp."""
    for word in case.command.operands(
        ("-m", "--mode", "-d", "--date", "-t", "-r", "--reference", "-p", "--suffix", "-o", "-g")
    ):
        writes(word, case.facts, case.ground)
    case.facts.add(Action.WRITE, Effect.FILE_WRITE)


def link(case: Case) -> None:
    operands = case.command.operands(("-t", "--target-directory", "-S"))
    for word in operands[1:] or operands:
        writes(word, case.facts, case.ground)
    for word in operands[:1]:
        if holds_credentials(case.ground.place(word)):
            case.facts.add(Action.READ, Effect.CREDENTIAL_READ)


def remove_folder(case: Case) -> None:
    for word in case.command.operands():
        removes(word, case.facts, case.ground)


def truncate(case: Case) -> None:
    """`truncate` and `fallocate`: to another size, which may be that of the whole disk."""
    size = case.command.option("-s", "--size", "-l", "--length")
    if size and is_huge(size.text):
        case.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)
    for word in case.command.operands(("-s", "--size", "-r", "--reference", "-l", "--length")):
        writes(word, case.facts, case.ground)
        case.facts.add(Action.WRITE, Effect.FILE_DELETE)


def patch(case: Case) -> None:
    """Changes the files that the patch names, below the working folder."""
    case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    for word in case.command.operands(("-p", "-d", "-i", "-o", "-r", "--directory", "--input")):
        writes(word, case.facts, case.ground)
    if folder := case.command.option("-d", "--directory"):
        writes(folder, case.facts, case.ground)


def tee(case: Case) -> Stream:
    for word in case.command.operands():
        writes(word, case.facts, case.ground)
    case.facts.add(Action.READ)
    return case.command.stdin


def mode(case: Case) -> None:
    """`chmod`: the first operand says how."""
    operands = case.command.operands(("--reference",))
    tree = case.command.has(*RECURSIVE)
    words = operands if case.command.has("--reference") else operands[1:]
    for word in words:
        permits(word, case.facts, case.ground, tree=tree)
    if operands:
        _special_mode(operands[0].text, case)


def _special_mode(text: str, case: Case) -> None:
    """Set-user-id lends the owner's rights to whoever runs the file; world-writable opens it to all."""
    if re.search(r"[ugoa]*[+=][rwxX]*s", text) or re.fullmatch(r"0?[2-7][0-7]{3}", text):
        case.facts.add(Action.WRITE, Effect.PRIVILEGE)
    if re.fullmatch(r"[0-7]?[0-7]{2}[2367]", text) or re.search(
        r"(^|,)[ugo]*[oa][ugoa]*[+=][rxX]*w|(^|,)[+=][rxX]*w", text
    ):
        case.facts.add(Action.WRITE, Effect.WORLD_WRITABLE)


def owner(case: Case) -> None:
    operands = case.command.operands(("--reference", "--from"))
    for word in operands[0 if case.command.has("--reference") else 1 :]:
        permits(word, case.facts, case.ground, tree=case.command.has(*RECURSIVE))


def access_list(case: Case) -> None:
    for word in case.command.operands(("-m", "-x", "-M", "-X", "--modify", "--set", "--remove")):
        permits(word, case.facts, case.ground, tree=case.command.has("-R", "--recursive"))


def attributes(case: Case) -> None:
    """`chattr`: its modes begin with `+`, `-` or `=`."""
    for word in case.command.arguments:
        if word.text[:1] not in "+-=":
            permits(word, case.facts, case.ground, tree=case.command.has("-R"))


def dd(case: Case) -> Stream:
    for word in case.command.arguments:
        key, _, value = word.text.partition("=")
        part = Word(value, glob=word.glob, splits=word.splits)
        if key == "if":
            reads(part, case.facts, case.ground)
        elif key == "of":
            writes(part, case.facts, case.ground)
    case.facts.add(Action.READ)
    return Stream(None, fetched=case.command.stdin.fetched)


def disk(case: Case) -> None:
    """Partitions and file systems."""
    if case.command.has("-l", "--list", "-n", "-N") and case.command.name in (
        "fdisk",
        "sfdisk",
        "gdisk",
        "parted",
        "fsck",
    ):
        case.facts.add(Action.READ)
        return
    case.facts.add(Action.WRITE, Effect.DISK_WRITE)


def sed(case: Case) -> Stream:
    """A stream editor: `-i` writes back, `w` writes a file, `e` runs a program."""
    taking = ("-e", "-f", "--expression", "--file", "-l", "-E")
    operands = case.command.operands(tuple(option for option in taking if option != "-E"))
    script = case.command.option("-e", "--expression", "-f", "--file")
    files = operands if script else operands[1:]
    text = script.text if script else operands[0].text if operands else ""
    in_place = any(re.match(r"-[nErsuz]*i|--in-place", word.text) for word in case.command.arguments)
    for word in files:
        reads(word, case.facts, case.ground)
        if in_place:
            writes(word, case.facts, case.ground)
    case.facts.add(Action.READ)
    if case.command.has("-f", "--file"):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    elif re.search(r"(^|[;}\d$/,\s])e\s+\S|(^|[;{}\n]\s*)e\s*$|(?<=[^\\])/[0-9gpmMiI]*e[0-9gpmMiI]*\s*(;|$)", text):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    elif found := re.search(r"(?:^|[;}\d$/,\s])w\s+(\S+)|/[0-9gpmMiI]*w\s+(\S+)", text):
        writes(Word(found.group(1) or found.group(2)), case.facts, case.ground)
    return Stream(None, fetched=case.command.stdin.fetched)


def split_file(case: Case) -> None:
    if case.command.has("--filter"):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    operands = case.command.operands(("-b", "-l", "-n", "-a", "-C", "--bytes", "--lines"))
    for word in operands[:1]:
        reads(word, case.facts, case.ground)
    case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    for word in operands[1:2]:
        writes(word, case.facts, case.ground)


def edit(case: Case) -> None:
    """An editor needs a terminal and can start anything."""
    for word in case.command.operands():
        writes(word, case.facts, case.ground)
    case.facts.add(Action.RUN, Effect.INTERACTIVE)
    if case.command.name in ("vim", "vi", "ex", "nvim", "emacs") and case.command.has(
        "-c", "--cmd", "-s", "--eval", "--batch"
    ):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)


def compress(case: Case) -> None:
    """gzip and its kin put a new file in the old one's place, unless they only print."""
    keeps = case.command.has("-c", "--stdout", "--to-stdout", "-l", "--list", "-t", "--test", "-k", "--keep")
    for word in case.command.operands(("-S", "--suffix")):
        reads(word, case.facts, case.ground)
        if not keeps:
            writes(word, case.facts, case.ground)
    case.facts.add(Action.READ)


def rsync(case: Case) -> None:
    """Also to other hosts; `--delete` removes what the source has not."""
    operands = case.command.operands(
        ("-e", "--rsh", "--exclude", "--include", "--files-from", "--bwlimit", "--port", "--rsync-path")
    )
    if case.command.has("-n", "--dry-run", "--list-only"):
        case.facts.add(Action.READ)
    elif operands:
        for word in operands[:-1]:
            reads(word, case.facts, case.ground)
        writes(operands[-1], case.facts, case.ground)
        if case.command.has("--remove-source-files"):
            for word in operands[:-1]:
                removes(word, case.facts, case.ground, tree=True)
        if case.command.has("--delete", "--delete-after", "--delete-before", "--delete-during", "--delete-excluded"):
            removes(operands[-1], case.facts, case.ground, tree=True)
    if any(re.match(r"[\w.@-]+::?", word.text) or word.text.startswith("rsync://") for word in operands):
        case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND)
    if case.command.has("-e", "--rsh", "--rsync-path") and not re.fullmatch(r"ssh( -[pi] ?\S+)*", _shell(case)):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)


def _shell(case: Case) -> str:
    given = case.command.option("-e", "--rsh")
    return given.text if given else "ssh"


PROGRAMS: dict[str, Judge] = {
    "rm": rm, "unlink": unlink, "shred": shred, "srm": shred, "wipe": shred, "mv": move, "rename": move, "cp": copy,
    "install": install, "mkdir": make, "touch": make, "mkfifo": make, "mktemp": make, "ln": link, "link": link,
    "rmdir": remove_folder, "truncate": truncate, "fallocate": truncate, "tee": tee, "sponge": tee,
    "chmod": mode, "chown": owner, "chgrp": owner, "chcon": owner, "setfacl": access_list,
    "chattr": attributes, "setfattr": access_list, "dd": dd, "sed": sed, "gsed": sed,
    "patch": patch, "split": split_file, "csplit": split_file, "rsync": rsync,
    **dict.fromkeys((
        "vi", "vim", "nvim", "nano", "emacs", "ed", "ex", "pico", "joe", "mcedit", "visudo", "vipw",
    ), edit),
    **dict.fromkeys((
        "gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "lz4", "compress",
    ), compress),
    **dict.fromkeys((
        "fdisk", "sfdisk", "gdisk", "cfdisk", "sgdisk", "parted", "partprobe", "mkswap", "wipefs", "blkdiscard",
        "hdparm", "lvremove",
        "vgremove", "pvremove", "lvcreate", "vgcreate", "pvcreate", "lvreduce", "mdadm", "cryptsetup", "zpool",
        "zfs", "tune2fs", "e2fsck",
        "fsck", "resize2fs", "debugfs", "badblocks", "mke2fs", "nvme", "sg_format", "flashrom", "mknod",
        *(f"mkfs{kind}" for kind in ("", ".ext2", ".ext3", ".ext4", ".xfs", ".btrfs", ".vfat", ".ntfs", ".fat")),
    ), disk),
}  # fmt: skip
