"""Programs that only read and print, each with the options by which it does more than that."""

from __future__ import annotations

from backends.ssh.command import Case, Judge
from backends.ssh.files import is_huge, reads, writes
from backends.ssh.scope import Stream
from policy.effects import Effect
from policy.model import Action

# Print what they are given or what the system knows; arguments are files or names, options do nothing else.
_FILES = (
    "ls", "dir", "vdir", "head", "tail", "wc", "cut", "nl", "tac", "fold", "fmt", "column", "paste", "join",
    "comm", "diff", "diff3", "cmp", "sdiff", "colordiff", "md5sum", "sha1sum", "sha224sum", "sha256sum",
    "sha384sum", "sha512sum",
    "sum", "cksum", "b2sum", "stat", "file", "readlink", "realpath", "zcat", "bzcat", "xzcat", "zstdcat", "zgrep",
    "zless",
    "zmore", "bzgrep", "xzgrep", "hexdump", "hd", "od", "strings", "expand", "unexpand", "tsort", "grep",
    "egrep", "fgrep", "look", "nm", "objdump", "readelf", "size", "ldd", "tree", "du", "jq", "csvlook",
    "csvcut", "more", "ag", "ack", "cloc", "namei", "lsattr", "getfacl", "bat", "pr", "ptx", "shuf", "iconv",
    "numfmt", "xmllint",
)  # fmt: skip
_NAMES = (
    "pwd", "basename", "dirname", "true", "false", "test", "[", "cal", "ncal", "uptime", "who", "w", "whoami", "id",
    "groups", "users", "last", "lastlog", "lastb", "uname", "arch", "nproc", "lscpu", "lsblk", "lsusb", "lspci",
    "lsmod", "modinfo", "lsof", "free", "df", "vmstat", "iostat", "mpstat", "pidstat", "sar", "ps", "pgrep",
    "pstree", "pidof",
    "netstat", "ss", "dig", "nslookup", "host", "getent", "printenv", "locale", "tty", "seq", "which", "whereis",
    "type", "hash", "man", "info", "whatis", "apropos", "locate", "nstat", "getconf", "logname", "lsns",
    "lsipc", "findmnt", "blkid", "dmidecode", "lshw", "sensors", "finger", "factor", "expr", "let", "bc", "dc",
    "ping", "ping6", "traceroute",
    "tracepath", "mtr", "arch", "runlevel", "jobs", "times", "dirs", "caller", "cksum", "tput", "clear", "reset",
    "stty",
    "zdump", "ulimit", "help", "lslogins", "chage", "faillog", "loginctl", "hostnamectl", "timedatectl", "localectl",
    "resolvectl", "systemd-analyze", "systemd-cgls", "systemd-cgtop", "busctl", "numactl", "slabtop", "nvidia-smi",
    "sysdig", "whois",
    "dpkg-query", "lsb_release", "hostid", "sleep", "wait", "date",
)  # fmt: skip

# Options by which a reader changes something: program → (options, what they change).
_ADMINISTER = {
    "date": ("-s", "--set"),
    "dmesg": ("-c", "-C", "-n", "-D", "-E", "--clear", "--read-clear", "--console-off"),
    "journalctl": ("--vacuum-size", "--vacuum-time", "--vacuum-files", "--rotate", "--flush", "--setup-keys"),
    "ss": ("-K", "--kill"),
    "chage": ("-m", "-M", "-d", "-E", "-I", "-W"),
    "lastlog": ("-C", "-S", "--clear", "--set"),
    "faillog": ("-m", "-r", "-l", "--reset", "--maximum"),
}
_CHANGING_WORDS = {
    "hostnamectl": ("set-hostname", "hostname", "set-chassis", "set-icon-name", "set-deployment", "set-location"),
    "timedatectl": ("set-time", "set-timezone", "set-ntp", "set-local-rtc"),
    "localectl": ("set-locale", "set-keymap", "set-x11-keymap"),
    "loginctl": ("terminate-session", "terminate-user", "kill-session", "kill-user", "enable-linger", "lock-session"),
    "resolvectl": ("dns", "domain", "flush-caches", "revert", "llmnr", "dnssec"),
    "busctl": ("call", "set-property", "emit"),
}


def read_files(case: Case) -> None:
    """Every operand that may be a file is read."""
    case.facts.add(Action.READ)
    if case.command.name == "head" and (count := case.command.option("-c", "--bytes")) and is_huge(count.text):
        case.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)
    for word in case.command.operands(("-n", "-c", "-k", "-t", "-d", "-f", "-e", "-s", "-w", "-m", "-A", "-B", "-C")):
        reads(word, case.facts, case.ground)
    pattern_file = case.command.option("-f", "--file") if case.command.name in ("grep", "egrep", "fgrep") else None
    if pattern_file:
        reads(pattern_file, case.facts, case.ground)


def hides_code(text: str) -> bool:
    """Arithmetic is expanded once more: an index of an array may hold a command, although it stood in quotes."""
    return "[" in text and ("$(" in text or "`" in text)


def read_names(case: Case) -> None:
    name, command = case.command.name.rpartition("/")[2], case.command
    case.facts.add(Action.READ)
    if name in _ADMINISTER and command.has(*_ADMINISTER[name]):
        case.facts.add(Action.ADMINISTER, Effect.HOST_SETTING)
    if name in _CHANGING_WORDS and set(command.texts) & set(_CHANGING_WORDS[name]):
        case.facts.add(Action.ADMINISTER, Effect.HOST_SETTING)
    if name in ("man", "hash") and command.has("-P", "-p", "--pager", "-H"):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    if name in ("test", "[", "let", "expr") and any(hides_code(word.text) for word in command.arguments):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    if name == "sleep" and any(not word.known or len(word.text) > 4 for word in command.arguments):
        case.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)
    if name in ("ping", "ping6") and command.has("-f"):
        case.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)


def sort(case: Case) -> None:
    """`-o` writes a file, `--compress-program` runs a program."""
    read_files(case)
    if target := case.command.option("-o", "--output"):
        writes(target, case.facts, case.ground)
    if case.command.has("--compress-program"):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)


def uniq(case: Case) -> None:
    read_files(case)
    for word in case.command.operands(("-f", "-s", "-w"))[1:]:
        writes(word, case.facts, case.ground)


def less(case: Case) -> None:
    """A pager that gives a shell on `!` to whoever has a terminal; its `+` commands run at once."""
    read_files(case)
    if any(word.text.startswith("+") and "!" in word.text for word in case.command.arguments):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)


def top(case: Case) -> None:
    case.facts.add(Action.READ)
    if not case.command.has("-b", "--batch"):
        case.facts.add(Action.RUN, Effect.INTERACTIVE)


def watch(case: Case) -> Stream:
    """Runs its words as a text of the shell, over and over."""
    words = [word.text for word in case.command.operands(("-n", "--interval"))]
    return case.again(" ".join(words)) if words else Stream(None)


def ripgrep(case: Case) -> None:
    read_files(case)
    if case.command.has("--pre", "--hostname-bin"):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)


def yq(case: Case) -> None:
    read_files(case)
    if case.command.has("-i", "--inplace", "-iy", "--in-place"):
        for word in case.command.operands()[1:]:
            writes(word, case.facts, case.ground)


def hostname(case: Case) -> None:
    case.facts.add(Action.READ)
    if case.command.operands() or case.command.has("-F", "--file", "-b"):
        case.facts.add(Action.ADMINISTER, Effect.HOST_SETTING)


def journal(case: Case) -> None:
    read_names(case)


PROGRAMS: dict[str, Judge] = {
    **dict.fromkeys(_FILES, read_files),
    **dict.fromkeys(_NAMES, read_names),
    "dmesg": read_names,
    "journalctl": journal,
    "sort": sort,
    "uniq": uniq,
    "less": less,
    "top": top,
    "htop": top,
    "watch": watch,
    "rg": ripgrep,
    "yq": yq,
    "hostname": hostname,
}
