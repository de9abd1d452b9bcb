"""Programs whose output follows from what is known: so text that is decoded and run can be judged before."""

from __future__ import annotations

import base64
import binascii
import codecs
import re

from backends.ssh.command import Case, Judge
from backends.ssh.files import reads, writes
from backends.ssh.scope import Stream
from backends.ssh.words import ansi_c
from policy.effects import Effect
from policy.model import Action

MAX_OUTPUT = 65_536
_SETS = {
    "[:upper:]": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "[:lower:]": "abcdefghijklmnopqrstuvwxyz",
    "[:digit:]": "0123456789",
}


def echo(case: Case) -> Stream:
    case.facts.add(Action.READ)
    words = list(case.command.arguments)
    newline, escapes = "\n", False
    while words and re.fullmatch(r"-[neE]+", words[0].text):
        flags = words.pop(0).text
        newline = "" if "n" in flags else newline
        escapes = "e" in flags or escapes
    fetched = any(word.fetched for word in words)
    if not all(word.exact for word in words):
        return Stream(None, fetched=fetched)
    text = " ".join(word.text for word in words)
    return Stream((ansi_c(text) if escapes else text) + newline, fetched=fetched)


def printf(case: Case) -> Stream:
    case.facts.add(Action.READ)
    words = case.command.arguments
    fetched = any(word.fetched for word in words)
    if words[:1] and words[0].text == "-v":
        return _into_variable(case)
    if not words or not all(word.exact for word in words):
        return Stream(None, fetched=fetched)
    template, *values = [word.text for word in words]
    pieces = re.split(r"(%%|%[-0-9.]*[sbdcq])", template)
    if any("%" in piece for piece in pieces[::2]):
        return Stream(None)
    takes = [piece for piece in pieces[1::2] if piece != "%%"]
    rounds = max(1, -(-len(values) // len(takes))) if takes else 1
    rest, found = list(values), []
    for _ in range(min(rounds, 64)):
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                found.append(ansi_c(piece))
            else:
                found.append("%" if piece == "%%" else _argument(piece, rest))
    return Stream("".join(found)[:MAX_OUTPUT], fetched=fetched)


def _into_variable(case: Case) -> Stream:
    """`printf -v name …`: the value is not followed."""
    for word in case.command.arguments[1:2]:
        case.scope.variables[word.text] = None
        if "[" in word.text:
            case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    return Stream("")


def _argument(piece: str, rest: list[str]) -> str:
    value = rest.pop(0) if rest else ""
    if piece.endswith("c"):
        return value[:1]
    return ansi_c(value) if piece.endswith("b") else value


def _file_or_input(case: Case, taking: tuple[str, ...] = ()) -> Stream:
    """What a filter reads: the files that are named, or its input."""
    files = [word for word in case.command.operands(taking) if word.text != "-"]
    for word in files:
        reads(word, case.facts, case.ground)
    case.facts.add(Action.READ)
    if not files:
        return case.command.stdin
    known = [word.code for word in files]
    text = "".join(code or "" for code in known) if all(code is not None for code in known) else None
    return Stream(text, fetched=any(word.fetched for word in files))


def cat(case: Case) -> Stream:
    return _file_or_input(case)


def decode64(case: Case) -> Stream:
    given = _file_or_input(case, ("-w", "--wrap"))
    if not case.command.has("-d", "-D", "--decode", "-di"):
        encoded = None if given.text is None else base64.b64encode(given.text.encode()).decode() + "\n"
        return Stream(encoded, fetched=given.fetched)
    return Stream(_decoded(given.text, base64.b64decode), fetched=given.fetched)


def decode32(case: Case) -> Stream:
    given = _file_or_input(case)
    known = given.text if case.command.has("-d", "--decode") else None
    return Stream(_decoded(known, base64.b32decode), fetched=given.fetched)


def xxd(case: Case) -> Stream:
    operands = case.command.operands(("-c", "-l", "-s", "-g", "-o"))
    for word in operands[:1]:
        reads(word, case.facts, case.ground)
    for word in operands[1:2]:
        writes(word, case.facts, case.ground)
    case.facts.add(Action.READ)
    given = case.command.stdin if not operands else Stream(None)
    if not case.command.has("-r"):
        return Stream(None, fetched=given.fetched)
    known = None if given.text is None else re.sub(r"^[0-9a-f]+: ", "", given.text, flags=re.M)
    return Stream(_decoded(known, lambda text: bytes.fromhex("".join(text.split()))), fetched=given.fetched)


def openssl(case: Case) -> Stream:
    """`openssl base64 -d` and `openssl enc -base64 -d` decode; what else it does is not followed."""
    texts = case.command.texts
    if texts[:1] in (("x509",), ("version",), ("s_client",), ("rand",), ("dgst",), ("verify",), ("ciphers",)):
        case.facts.add(Action.READ)
        return Stream(None, fetched=texts[0] == "s_client")
    if (
        texts[:1] in (("base64",), ("enc",))
        and "-d" in texts
        and ("base64" in texts or "-base64" in texts or "-a" in texts)
    ):
        case.facts.add(Action.READ)
        return Stream(_decoded(case.command.stdin.text, base64.b64decode), fetched=case.command.stdin.fetched)
    case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return Stream(None, fetched=True)


def _decoded(text: str | None, decode: object) -> str | None:
    assert callable(decode)
    if text is None:
        return None
    try:
        found = decode("".join(text.split()))
        assert isinstance(found, bytes)
        return found.decode("utf-8")[:MAX_OUTPUT]
    except (binascii.Error, ValueError):
        return None


def rev(case: Case) -> Stream:
    given = _file_or_input(case)
    known = None if given.text is None else "".join(line[::-1] + "\n" for line in given.text.splitlines())
    return Stream(known, fetched=given.fetched)


def tr(case: Case) -> Stream:
    case.facts.add(Action.READ)
    given = case.command.stdin
    operands = case.command.operands()
    if given.text is None or not operands or not all(word.known for word in operands):
        return Stream(None, fetched=given.fetched)
    first = _characters(operands[0].text)
    if case.command.has("-d", "--delete") and not case.command.has("-c", "-C", "--complement"):
        return Stream("".join(c for c in given.text if c not in first), fetched=given.fetched)
    if len(operands) != 2 or case.command.has("-c", "-C", "-s", "--complement", "--squeeze-repeats"):
        return Stream(None, fetched=given.fetched)
    second = _characters(operands[1].text) or "\0"
    table = {c: second[min(index, len(second) - 1)] for index, c in enumerate(first)}
    return Stream("".join(table.get(c, c) for c in given.text), fetched=given.fetched)


def _characters(text: str) -> str:
    for name, members in _SETS.items():
        text = text.replace(name, members)
    text = ansi_c(text)

    def spread(found: re.Match[str]) -> str:
        return "".join(chr(code) for code in range(ord(found.group(1)), ord(found.group(2)) + 1))

    return re.sub(r"(.)-(.)", spread, text, flags=re.S)


def rot13(case: Case) -> Stream:
    case.facts.add(Action.READ)
    given = case.command.stdin
    return Stream(None if given.text is None else codecs.encode(given.text, "rot13"), fetched=given.fetched)


def yes(case: Case) -> Stream:
    """It never ends by itself; into a pipe it ends with its reader."""
    case.facts.add(Action.READ)
    return Stream(None)


PROGRAMS: dict[str, Judge] = {
    "echo": echo,
    "printf": printf,
    "cat": cat,
    "base64": decode64,
    "base32": decode32,
    "xxd": xxd,
    "openssl": openssl,
    "rev": rev,
    "tr": tr,
    "rot13": rot13,
    "yes": yes,
}
