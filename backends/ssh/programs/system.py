"""Programs that change the host: power, processes, services, packages, kernel, firewall, time tables, traces."""

from __future__ import annotations

import re

from backends.ssh.command import Case, Judge
from backends.ssh.files import reads, removes
from backends.ssh.scope import Stream
from backends.ssh.words import Word
from policy.effects import Effect
from policy.model import Action


def power(case: Case) -> None:
    """Even a planned or a cancelled shut-down is the administrators' business; only showing it is not."""
    if case.command.has("--show", "--help", "-c"):
        case.facts.add(Action.READ)
        return
    case.facts.add(Action.ADMINISTER, Effect.SHUTDOWN)


def run_level(case: Case) -> None:
    case.facts.add(
        Action.ADMINISTER,
        Effect.SHUTDOWN if set(case.command.texts) & {"0", "6", "1", "s", "S"} else Effect.HOST_SETTING,
    )


def kill(case: Case) -> None:
    """Signals. Process 1 and everything at once take the host down."""
    if set(case.command.texts) & {"-l", "-L", "--list", "--table"}:
        case.facts.add(Action.READ)
        return
    case.facts.add(Action.ADMINISTER, Effect.KILL_PROCESS)
    targets = [word.text for word in case.command.arguments]
    if targets and targets[-1] in ("1", "-1") and case.command.name == "kill" and len(targets) > (targets[-1] == "-1"):
        case.facts.add(Action.ADMINISTER, Effect.SHUTDOWN)
    if any(
        text in ("systemd", "init", "sshd", "dockerd", "containerd", "kubelet", "auditd", "rsyslogd")
        for text in targets
    ):
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP)
    if case.command.name in ("pkill", "killall") and (
        case.command.has("-u", "--user") or ".*" in targets or "." in targets
    ):
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP)


_READING_UNITS = frozenset({
    "status", "show", "cat", "is-active", "is-enabled", "is-failed", "list-units", "list-unit-files",
    "list-timers", "list-sockets",
    "list-dependencies", "list-jobs", "list-machines", "get-default", "help", "show-environment",
    "is-system-running", "list-automounts",
})  # fmt: skip
_STOPPING_UNITS = frozenset(
    {"stop", "disable", "mask", "kill", "isolate", "emergency", "rescue", "default", "switch-root", "revert"}
)
_POWER_UNITS = frozenset(
    {"poweroff", "reboot", "halt", "kexec", "suspend", "hibernate", "hybrid-sleep", "soft-reboot", "exit"}
)


def systemctl(case: Case) -> None:
    verbs = [
        word.text
        for word in case.command.operands(("-t", "-p", "-H", "-M", "-n", "-o", "--type", "--state", "--property", "-s"))
    ]
    verb = verbs[0] if verbs else "list-units"
    if verb in _READING_UNITS:
        case.facts.add(Action.READ)
    elif verb in _POWER_UNITS or (verb == "isolate" and "poweroff.target" in verbs):
        case.facts.add(Action.ADMINISTER, Effect.SHUTDOWN)
    elif verb in _STOPPING_UNITS:
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP)
    elif verb in (
        "edit",
        "link",
        "enable",
        "set-property",
        "set-environment",
        "import-environment",
        "preset",
        "add-wants",
    ):
        case.facts.add(Action.ADMINISTER, Effect.PERSISTENCE)
    else:
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_CHANGE)


def service(case: Case) -> None:
    verb = case.command.texts[1] if len(case.command.texts) > 1 else "status"
    if verb == "status" or "--status-all" in case.command.texts:
        case.facts.add(Action.READ)
    else:
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP if verb == "stop" else Effect.SERVICE_CHANGE)


_READING_PACKAGES = frozenset({
    "list", "show", "search", "info", "policy", "depends", "rdepends", "check", "query", "history", "repolist",
    "provides",
    "whatprovides", "outdated", "freeze", "config", "-l", "-L", "-s", "-S", "-q", "-qa", "-qi", "-ql", "-qf", "-Q",
    "-Ss", "-Si",
    "-Qi", "-Ql", "showpkg", "pkgnames", "madison", "check-update", "list-installed", "help", "changelog",
    "download", "leaves", "deplist",
})  # fmt: skip
_REMOVING_PACKAGES = frozenset({
    "remove", "purge", "autoremove", "erase", "-r", "-P", "-e", "uninstall", "-R", "-Rs", "-Rns", "delete", "del",
    "dist-upgrade",
    "full-upgrade", "--purge", "--remove",
})  # fmt: skip


def packages(case: Case) -> None:
    words = case.command.texts
    if (
        case.command.has("--dry-run", "--simulate", "--just-print")
        or "-s" in words[:1]
        or (words and words[0] in _READING_PACKAGES)
    ):
        case.facts.add(Action.READ)
    elif any(word in _REMOVING_PACKAGES for word in words):
        case.facts.add(Action.ADMINISTER, Effect.PACKAGE_REMOVAL)
    else:
        case.facts.add(Action.ADMINISTER, Effect.PACKAGE_CHANGE)


def accounts(case: Case) -> None:
    """Users, groups and passwords."""
    if case.command.name == "passwd" and case.command.has("-S", "--status"):
        case.facts.add(Action.READ)
        return
    case.facts.add(Action.ADMINISTER, Effect.ROLE_CHANGE)


def firewall(case: Case) -> None:
    command = case.command
    reading = {
        "list",
        "status",
        "show",
        "--list-all",
        "--state",
        "-L",
        "-S",
        "--list",
        "--list-rules",
        "-nL",
        "-vL",
        "-nvL",
        "-Lnv",
        "-Ln",
        "-save",
    }
    if (
        command.name.endswith("-save")
        or set(command.texts) & reading
        or (command.has("--list", "-L") and not command.has("-F"))
    ):
        case.facts.add(Action.READ)
    else:
        case.facts.add(Action.ADMINISTER, Effect.FIREWALL)


def network_setting(case: Case) -> None:
    """`ip`, `ifconfig`, `route`: showing is reading."""
    words = [word.text for word in case.command.arguments if not word.flag]
    changing = {
        "add",
        "del",
        "delete",
        "set",
        "flush",
        "change",
        "replace",
        "up",
        "down",
        "append",
        "netns",
        "exec",
        "attach",
        "detach",
    }
    if set(words) & changing or (case.command.name == "ifconfig" and len(words) > 1):
        case.facts.add(Action.ADMINISTER, Effect.FIREWALL)
    else:
        case.facts.add(Action.READ)


def kernel(case: Case) -> None:
    """Modules, parameters, mounts: without an argument most of them only show."""
    command = case.command
    reading = (
        (
            command.name == "sysctl"
            and not command.has("-w", "-p", "--write", "--load", "--system")
            and not any("=" in t for t in command.texts)
        )
        or (command.name in ("mount", "swapon") and not command.operands(("-t", "-o")) and not command.has("-a"))
        or command.has("--show")
    )
    if reading:
        case.facts.add(Action.READ)
        return
    case.facts.add(Action.ADMINISTER, Effect.HOST_SETTING)


def timetable(case: Case) -> None:
    """`crontab`: what it installs runs later, without anybody."""
    if case.command.has("-l"):
        case.facts.add(Action.READ)
    elif case.command.has("-r"):
        case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP, Effect.BULK_DELETE)
    else:
        case.facts.add(Action.ADMINISTER, Effect.PERSISTENCE)


def trace(case: Case) -> None:
    """Audit and logging switched or cleared."""
    if case.command.has("-l", "-s") and case.command.name == "auditctl" and not case.command.has("-D", "-e"):
        case.facts.add(Action.READ)
        return
    case.facts.add(Action.ADMINISTER, Effect.TRACE_REMOVAL)


def log_line(case: Case) -> None:
    case.facts.add(Action.WRITE, Effect.FILE_WRITE)


def load_test(case: Case) -> None:
    case.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)


def unmount(case: Case) -> None:
    case.facts.add(Action.ADMINISTER, Effect.SERVICE_STOP)


def keys(case: Case) -> None:
    """`ssh-keygen`, `gpg`: keys are made, shown or given away."""
    name = case.command.name
    if name == "ssh-keygen" and case.command.has("-l", "-F"):
        case.facts.add(Action.READ)
    elif name == "ssh-keygen" and case.command.has("-R"):
        case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    elif name == "gpg" and case.command.has("--export-secret-keys", "--export-secret-subkeys"):
        case.facts.add(Action.READ, Effect.CREDENTIAL_READ)
    elif name == "gpg" and case.command.has("--verify", "--list-keys", "-k", "--fingerprint"):
        case.facts.add(Action.READ)
    else:
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)


def rotate(case: Case) -> None:
    case.facts.add(
        Action.ADMINISTER, Effect.TRACE_REMOVAL if case.command.has("-f", "--force") else Effect.HOST_SETTING
    )


def archive(case: Case) -> Stream:
    """`tar`: lists, packs (reads) or unpacks (writes); some options run programs."""
    words = case.command.arguments
    first = words[0].text if words else ""
    letters = first.lstrip("-") if not first.startswith("--") else ""
    letters += "".join(word.text[1:] for word in words[1:] if re.fullmatch(r"-[a-zA-Z]+", word.text))
    if case.command.has(
        "--to-command", "--checkpoint-action", "--use-compress-program", "--rmt-command", "--info-script", "-I", "-F"
    ):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    names = [word for word in words[1:] if not word.flag]
    if "t" in letters or case.command.has("--list"):
        case.facts.add(Action.READ)
    elif "x" in letters or case.command.has("--extract", "--get"):
        folder = case.command.option("-C", "--directory", "--one-top-level") or Word(".")
        _unpack(case, folder)
    else:
        for word in names[1 if "f" in letters else 0 :]:
            reads(word, case.facts, case.ground)
        _pack(case, names[0] if "f" in letters and names else Word("-"))
    if case.command.has("--remove-files"):
        for word in names[1:]:
            removes(word, case.facts, case.ground, tree=True)
    return Stream(None, fetched=case.command.stdin.fetched)


def _unpack(case: Case, folder: Word) -> None:
    from backends.ssh.files import writes

    writes(folder, case.facts, case.ground)
    case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    if case.ground.place(folder) in ("/", "~"):
        case.facts.add(Action.WRITE, Effect.PROTECTED_PATH)


def _pack(case: Case, target: Word) -> None:
    from backends.ssh.files import writes

    writes(target, case.facts, case.ground)
    case.facts.add(Action.READ)


def unzip(case: Case) -> None:
    if case.command.has("-l", "-t", "-v", "-Z", "-p"):
        case.facts.add(Action.READ)
        return
    _unpack(case, case.command.option("-d") or Word("."))


def zip_up(case: Case) -> None:
    operands = case.command.operands(("-x", "-i", "-P"))
    for word in operands[1:]:
        reads(word, case.facts, case.ground)
    if operands:
        _pack(case, operands[0])
    if case.command.has("-m", "-T") and case.command.has("-TT", "-m"):
        case.facts.add(Action.WRITE, Effect.RECURSIVE_DELETE)


PROGRAMS: dict[str, Judge] = {
    **dict.fromkeys(("shutdown", "reboot", "poweroff", "halt", "kexec"), power),
    **dict.fromkeys(("init", "telinit"), run_level),
    **dict.fromkeys(("kill", "pkill", "killall", "skill", "xkill", "fuser"), kill),
    "systemctl": systemctl,
    **dict.fromkeys(("service", "rc-service", "supervisorctl", "initctl", "sv", "launchctl"), service),
    **dict.fromkeys((
        "apt", "apt-get", "aptitude", "dpkg", "yum", "dnf", "rpm", "zypper", "pacman", "apk", "snap", "flatpak",
        "brew", "pip", "pip3",
        "pipx", "gem", "conda", "apt-cache", "apt-mark", "port", "emerge", "opkg", "dpkg-reconfigure",
        "update-alternatives", "uv",
    ), packages),
    **dict.fromkeys((
        "useradd", "adduser", "userdel", "deluser", "usermod", "groupadd", "addgroup", "groupdel", "delgroup",
        "groupmod", "gpasswd",
        "passwd", "chpasswd", "newusers", "chsh", "chfn", "visudo", "vipw", "vigr", "pwck", "pwconv", "grpconv",
        "htpasswd",
    ), accounts),
    **dict.fromkeys((
        "iptables", "ip6tables", "nft", "ufw", "firewall-cmd", "iptables-save", "iptables-restore", "ipset",
        "ebtables",
    ), firewall),
    **dict.fromkeys((
        "ip", "ifconfig", "route", "arp", "ethtool", "iwconfig", "nmcli", "tc", "brctl", "bridge", "ifup",
        "ifdown",
    ), network_setting),
    **dict.fromkeys((
        "sysctl", "modprobe", "insmod", "rmmod", "depmod", "mount", "swapon", "swapoff", "setenforce", "setsebool",
        "semanage", "losetup",
        "hwclock", "ntpdate", "update-grub", "grub-install", "grub-mkconfig", "update-initramfs", "efibootmgr",
        "ldconfig", "aa-disable",
        "apparmor_parser", "chkconfig", "update-rc.d", "systemd-run", "setcap", "quotaon", "quotaoff", "setquota",
        "cpupower",
    ), kernel),
    **dict.fromkeys(("umount", "vgchange"), unmount),
    "crontab": timetable,
    **dict.fromkeys(("auditctl", "augenrules", "unset_audit", "logrotate-clear", "wevtutil"), trace),
    "logrotate": rotate,
    "logger": log_line,
    "wall": log_line,
    **dict.fromkeys(("stress", "stress-ng", "fio", "hping3", "ab", "wrk", "hey", "siege"), load_test),
    **dict.fromkeys(("ssh-keygen", "gpg", "gpg2", "ssh-add", "ssh-copy-id", "keytool", "certbot"), keys),
    **dict.fromkeys(("tar", "bsdtar", "star"), archive),
    "cpio": archive,
    "unzip": unzip,
    "7z": zip_up,
    "zip": zip_up,
}  # fmt: skip
