"""Commands of the shell itself."""

from __future__ import annotations

from backends.ssh.command import Case, Command, Judge, after_options
from backends.ssh.files import reads
from backends.ssh.scope import Stream
from policy.effects import Effect
from policy.model import Action


def cd(case: Case) -> Stream:
    case.facts.add(Action.READ)
    operands = case.command.operands()
    if not operands:
        case.scope.cwd = case.scope.home
    elif operands[0].exact and operands[0].text != "-":
        place = case.ground.place(operands[0])
        case.scope.cwd = place if place.startswith(("/", "~")) else None
    else:
        case.scope.cwd = None
    return Stream("")


def nothing(case: Case) -> Stream:
    """Changes the shell at most, and that ends with the line."""
    case.facts.add(Action.READ)
    return Stream("")


def variables(case: Case) -> Stream:
    """`read`, `mapfile`, `getopts`: variables get values that are not known."""
    case.facts.add(Action.READ)
    calls_back = case.command.name in ("mapfile", "readarray") and case.command.has("-C")
    if calls_back or any("[" in word.text for word in case.command.arguments):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    for word in case.command.operands(("-d", "-n", "-N", "-p", "-t", "-u", "-a")):
        case.scope.variables[word.text] = None
    return Stream("")


def completion(case: Case) -> Stream:
    """`bind`, `complete`, `compgen`: a key or a completion may run a command."""
    case.facts.add(Action.READ)
    if case.command.has("-x", "-C", "-F", "-f", "-P") or any(
        "$(" in text or "`" in text for text in case.command.texts
    ):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    return Stream(None)


def shell_options(case: Case) -> Stream:
    """`set`: with operands it sets the positional parameters."""
    case.facts.add(Action.READ)
    for place, word in enumerate(case.command.operands(("-o", "+o")), start=1):
        case.scope.variables[str(place)] = word.text if word.exact else None
    return Stream("")


def evaluate(case: Case) -> Stream:
    """`eval`: its words, joined, are a text of the shell."""
    words = case.command.arguments
    if not all(word.exact for word in words):
        fetched = any(word.fetched for word in words)
        case.facts.add(Action.RUN, Effect.REMOTE_CODE if fetched else Effect.DYNAMIC_CODE)
        return Stream(None, fetched=fetched)
    return case.again(" ".join(word.text for word in words))


def source(case: Case) -> Stream:
    """`.` and `source`: what stands in the file runs here."""
    operands = case.command.operands()
    if not operands:
        return Stream("")
    word = operands[0]
    if word.code is not None:
        return case.again(word.code)
    if word.fetched:
        case.facts.add(Action.RUN, Effect.REMOTE_CODE)
    reads(word, case.facts, case.ground)
    case.facts.add(Action.RUN, Effect.DYNAMIC_CODE if word.feeds or not word.known else Effect.UNKNOWN_PROGRAM)
    return Stream(None)


def trap(case: Case) -> Stream:
    operands = case.command.operands()
    if operands and operands[0].exact and operands[0].text not in ("", "-"):
        return case.again(operands[0].text)
    case.facts.add(Action.READ if not operands or operands[0].known else Action.RUN)
    if operands and not operands[0].known:
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    return Stream("")


def alias(case: Case) -> Stream:
    """An alias is a text that a later line would run."""
    case.facts.add(Action.READ)
    for word in case.command.operands():
        _name, sign, body = word.text.partition("=")
        if sign and word.known:
            case.again(body)
        elif sign:
            case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    return Stream("")


def replace_shell(case: Case) -> Stream:
    """`exec`: the program takes the shell's place; alone it only redirects."""
    words = after_options(case.command, ("-a",))
    return case.run(Command(tuple(words), case.command.stdin)) if words else Stream("")


def command(case: Case) -> Stream:
    """`command` and `builtin` pass functions by; `command -v` only asks."""
    if case.command.has("-v", "-V"):
        case.facts.add(Action.READ)
        return Stream(None)
    words = after_options(case.command)
    return case.run(Command(tuple(words), case.command.stdin)) if words else Stream("")


def history(case: Case) -> Stream:
    """Clearing the history hides what was done."""
    case.facts.add(Action.READ)
    if case.command.has("-c", "-d", "-w"):
        case.facts.add(Action.ADMINISTER, Effect.TRACE_REMOVAL)
    return Stream(None)


def load(case: Case) -> Stream:
    """`enable -f` loads native code into the shell."""
    case.facts.add(Action.RUN if case.command.has("-f") else Action.READ)
    if case.command.has("-f"):
        case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
    return Stream("")


PROGRAMS: dict[str, Judge] = {
    "cd": cd,
    "pushd": cd,
    "popd": nothing,
    "exit": nothing,
    "logout": nothing,
    "return": nothing,
    "break": nothing,
    "continue": nothing,
    "shift": nothing,
    "shopt": nothing,
    "umask": nothing,
    "bg": nothing,
    "fg": nothing,
    "disown": nothing,
    ":": nothing,
    "export": nothing,
    "readonly": nothing,
    "local": nothing,
    "declare": nothing,
    "unalias": nothing,
    "bind": completion,
    "complete": completion,
    "compgen": completion,
    "set": shell_options,
    "read": variables,
    "mapfile": variables,
    "readarray": variables,
    "getopts": variables,
    "eval": evaluate,
    ".": source,
    "source": source,
    "trap": trap,
    "alias": alias,
    "exec": replace_shell,
    "command": command,
    "builtin": command,
    "history": history,
    "enable": load,
}
