"""Programs that reach other hosts: what they fetch, send, and open."""

from __future__ import annotations

import re

from backends.ssh.command import Case, Judge
from backends.ssh.files import reads, writes
from backends.ssh.scope import Stream
from backends.ssh.words import Word
from policy.effects import Effect
from policy.model import Action

FETCHED = Stream(None, fetched=True)
_LOCAL = re.compile(r"(?:https?://)?(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:[/?#]|$)")
_METADATA = re.compile(
    r"169\.254\.169\.254|metadata\.google|100\.100\.100\.200|fd00:ec2|metadata\.azure|169\.254\.170\.2"
)
_CURL_TAKING = (
    "-o", "-O", "-H", "-d", "-X", "-u", "-A", "-e", "-b", "-c", "-F", "-T", "-K", "-m", "-w", "-x", "-E", "-r", "-C",
    "--output", "--header", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--request", "--user",
    "--user-agent",
    "--referer", "--cookie", "--cookie-jar", "--form", "--upload-file", "--config", "--max-time", "--write-out",
    "--proxy",
    "--cert", "--key", "--cacert", "--range", "--connect-timeout", "--retry", "--resolve", "--json", "--url",
    "--retry-delay",
)  # fmt: skip


def curl(case: Case) -> Stream:
    """Fetches; sends when it is given data; writes when it is given a file."""
    command = case.command
    if target := command.option(
        "-o", "--output", "-D", "--dump-header", "-c", "--cookie-jar", "--trace", "--trace-ascii"
    ):
        writes(target, case.facts, case.ground)
    elif command.has("-O", "--remote-name", "-J"):
        case.facts.add(Action.WRITE, Effect.FILE_WRITE)
    method = command.option("-X", "--request")
    sends = command.has(
        "-d",
        "-F",
        "-T",
        "--data",
        "--data-raw",
        "--data-binary",
        "--data-urlencode",
        "--form",
        "--upload-file",
        "--json",
    )
    if sends or (method and method.text.upper() not in ("GET", "HEAD", "OPTIONS")):
        _send(case)
    urls = [word for word in command.operands(_CURL_TAKING) if word.text]
    if given := command.option("--url"):
        urls.append(given)
    if command.has("-K", "--config"):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    _fetch(case, urls)
    for value in _data(case):
        if value.text.startswith("@") or "=@" in value.text:
            reads(Word(value.text.partition("@")[2]), case.facts, case.ground)
    if upload := command.option("-T", "--upload-file"):
        reads(upload, case.facts, case.ground)
    return FETCHED


def _data(case: Case) -> list[Word]:
    options = ("-d", "--data", "--data-binary", "--data-urlencode", "-F", "--form", "--json")
    found = [case.command.option(option) for option in options]
    return [word for word in found if word is not None]


def _fetch(case: Case, urls: list[Word]) -> None:
    for url in urls:
        if _METADATA.search(url.text):
            case.facts.add(Action.READ, Effect.CREDENTIAL_READ)
        if url.text.startswith(("file:", "dict:", "gopher:", "ldap:", "tftp:")):
            reads(Word(url.text.partition("://")[2]), case.facts, case.ground)
    if urls and all(url.known and (_LOCAL.match(url.text) or _host(url.text) in case.scope.hosts) for url in urls):
        case.facts.add(Action.READ)
    else:
        case.facts.add(Action.TRANSFER, Effect.NETWORK_FETCH)
    if any(not url.known for url in urls):  # what goes into the address goes out
        case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND)


def _host(url: str) -> str:
    """The host of an address, without user, port and path; programs take an address without `http://` as well."""
    rest = url.partition("://")[2] or url
    return re.split(r"[/?#]", rest)[0].rpartition("@")[2].partition(":")[0].lower()


def _send(case: Case) -> None:
    case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND)


def wget(case: Case) -> Stream:
    command = case.command
    target = command.option("-O", "--output-document")
    if target is None or target.text != "-":
        writes(target or Word("download"), case.facts, case.ground)
    if command.has("--post-data", "--post-file", "--body-data", "--body-file", "--method"):
        _send(case)
    for option in ("--post-file", "--body-file", "-i", "--input-file"):
        if word := command.option(option):
            reads(word, case.facts, case.ground)
    _fetch(
        case, command.operands(("-O", "-o", "-P", "-T", "-t", "-U", "--header", "--output-document", "-e", "-i", "-a"))
    )
    return FETCHED


def fetch(case: Case) -> Stream:
    case.facts.add(Action.TRANSFER, Effect.NETWORK_FETCH)
    return FETCHED


_SSH_TAKING = (
    "-b",
    "-c",
    "-D",
    "-E",
    "-e",
    "-F",
    "-I",
    "-i",
    "-J",
    "-L",
    "-l",
    "-m",
    "-O",
    "-o",
    "-p",
    "-Q",
    "-R",
    "-S",
    "-W",
    "-w",
)


def ssh(case: Case) -> Stream:
    """Another host's shell: out of this record's sight."""
    command = case.command
    rest = list(command.arguments)
    while rest and rest[0].flag:
        word = rest.pop(0)
        if word.text in _SSH_TAKING and rest:
            rest.pop(0)
    if command.has("-D", "-L", "-R", "-W", "-w") and any(
        re.match(r"-[A-Za-z]*[DLRWw]", word.text) for word in command.arguments
    ):
        case.facts.add(Action.TUNNEL, Effect.TUNNEL)
    if any("ProxyCommand" in word.text or "LocalCommand" in word.text for word in command.arguments):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    case.facts.add(Action.RUN, Effect.REMOTE_HOST)
    words = rest[1:]
    if not words:
        case.facts.add(Action.RUN, *((Effect.INTERACTIVE,) if rest else ()))
    elif all(word.known for word in words):
        case.again(" ".join(word.text for word in words))
    else:
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    return FETCHED


def remote_copy(case: Case) -> None:
    """`scp` and `sftp`: files to or from another host."""
    operands = case.command.operands(("-P", "-i", "-o", "-F", "-c", "-l", "-S", "-J", "-b", "-D"))
    case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND if len(operands) > 1 else Effect.REMOTE_HOST)
    for word in operands[:-1]:
        if not re.match(r"(?:[\w.-]+@)?[\w.-]+:", word.text):
            reads(word, case.facts, case.ground)
    if operands and not re.match(r"(?:[\w.-]+@)?[\w.-]+:", operands[-1].text) and case.command.name == "scp":
        writes(operands[-1], case.facts, case.ground)


def netcat(case: Case) -> Stream:
    """A bare connection. With `-e` it gives a program away; listening, it is a door."""
    command = case.command
    if command.has("-e", "-c", "--exec", "--sh-exec", "--lua-exec"):
        case.facts.add(Action.TUNNEL, Effect.REMOTE_CODE)
    elif command.has("-l", "--listen"):
        case.facts.add(Action.TUNNEL, Effect.TUNNEL)
    elif command.has("-z") and not case.command.stdin.fetched:
        case.facts.add(Action.READ)
    else:
        case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND)
    return FETCHED


def socat(case: Case) -> Stream:
    words = " ".join(case.command.texts).upper()
    if "EXEC:" in words or "SYSTEM:" in words or "SHELL:" in words:
        case.facts.add(Action.TUNNEL, Effect.REMOTE_CODE)
    case.facts.add(Action.TUNNEL, Effect.TUNNEL)
    return FETCHED


def telnet(case: Case) -> Stream:
    case.facts.add(Action.RUN, Effect.REMOTE_HOST)
    return FETCHED


def mail(case: Case) -> None:
    case.facts.add(Action.TRANSFER, Effect.NETWORK_SEND)
    for option in ("-a", "-A", "--attach"):
        if word := case.command.option(option):
            reads(word, case.facts, case.ground)


def capture(case: Case) -> None:
    """Listening on the wire reads what others say."""
    case.facts.add(Action.RUN, Effect.CREDENTIAL_READ)


def tunnel(case: Case) -> None:
    case.facts.add(Action.TUNNEL, Effect.TUNNEL)


def scanner(case: Case) -> None:
    case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    if case.command.has("--script"):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)


PROGRAMS: dict[str, Judge] = {
    "curl": curl,
    "wget": wget,
    "fetch": fetch,
    "aria2c": fetch,
    "lynx": fetch,
    "w3m": fetch,
    "links": fetch,
    "http": curl,
    "https": curl,
    "ssh": ssh,
    "mosh": ssh,
    "autossh": ssh,
    "sshpass": ssh,
    "rsh": ssh,
    "rlogin": ssh,
    "scp": remote_copy,
    "sftp": remote_copy,
    "ftp": remote_copy,
    "lftp": remote_copy,
    "tftp": remote_copy,
    "rclone": remote_copy,
    "nc": netcat,
    "ncat": netcat,
    "netcat": netcat,
    "socat": socat,
    "telnet": telnet,
    "mail": mail,
    "mailx": mail,
    "sendmail": mail,
    "mutt": mail,
    "tcpdump": capture,
    "tshark": capture,
    "ngrep": capture,
    "ngrok": tunnel,
    "cloudflared": tunnel,
    "chisel": tunnel,
    "openvpn": tunnel,
    "wg": tunnel,
    "wg-quick": tunnel,
    "nmap": scanner,
    "masscan": scanner,
}
