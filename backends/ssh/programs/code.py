"""Interpreters: a text in the shell's own language is read again; other languages are judged where that is certain."""

from __future__ import annotations

import ast
import re

from backends.ssh.command import Case, Judge
from backends.ssh.files import reads
from backends.ssh.scope import Stream
from backends.ssh.words import Word
from policy.effects import Effect
from policy.model import Action


def shell(case: Case) -> Stream:
    """`sh -c text`, `sh file`, `… | sh`, or a shell to type into."""
    command = case.command
    text = _code_option(case)
    if text is not None:
        return _text(case, text)
    operands = command.operands(("-o", "+o", "-O", "+O", "--rcfile", "--init-file"))
    if operands and not command.has("-s"):
        return _file(case, operands[0])
    if command.stdin.empty:
        case.facts.add(Action.RUN, Effect.INTERACTIVE)
        return Stream(None)
    if command.stdin.text is not None:
        return case.again(command.stdin.text)
    case.facts.add(Action.RUN, Effect.REMOTE_CODE if command.stdin.fetched else Effect.DYNAMIC_CODE)
    return Stream(None)


def _code_option(case: Case) -> Word | None:
    words = case.command.arguments
    for index, word in enumerate(words):
        if re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", word.text) and index + 1 < len(words):
            rest = [other for other in words[index + 1 :] if not re.fullmatch(r"[-+][a-zA-Z]+", other.text)]
            return rest[0] if rest else None
        if not word.flag:
            return None
    return None


def _text(case: Case, text: Word) -> Stream:
    if text.known:
        return case.again(text.text)
    case.facts.add(Action.RUN, Effect.REMOTE_CODE if text.fetched else Effect.DYNAMIC_CODE)
    return Stream(None)


def _file(case: Case, word: Word) -> Stream:
    """A script: what stands in it is not seen here."""
    if word.code is not None:
        return case.again(word.code)
    if word.fetched:
        case.facts.add(Action.RUN, Effect.REMOTE_CODE)
    reads(word, case.facts, case.ground)
    case.facts.add(Action.RUN, Effect.DYNAMIC_CODE if word.feeds else Effect.UNKNOWN_PROGRAM)
    return Stream(None)


_PURE_MODULES = frozenset({
    "json", "math", "re", "datetime", "time", "collections", "itertools", "functools", "statistics", "decimal",
    "fractions", "string",
    "textwrap", "base64", "hashlib", "uuid", "calendar", "platform", "sys", "random", "secrets", "urllib.parse",
    "pprint", "csv",
    "operator", "bisect", "heapq", "unicodedata", "difflib", "binascii", "struct", "zlib", "html", "ipaddress",
    "locale", "enum",
})  # fmt: skip
_PURE_NAMES = frozenset({
    "print", "len", "range", "sum", "min", "max", "sorted", "abs", "round", "int", "float", "str", "bool", "list",
    "dict", "set",
    "tuple", "enumerate", "zip", "map", "filter", "any", "all", "repr", "hex", "oct", "bin", "ord", "chr",
    "format", "isinstance",
    "reversed", "divmod", "pow", "bytes", "type", "next", "iter", "frozenset", "input",
})  # fmt: skip
_MARKED = (
    "_",
    "system",
    "popen",
    "exec",
    "spawn",
    "modules",
    "open",
    "write",
    "loads_",
    "getframe",
    "settrace",
    "stdout_",
)
_PYTHON_TOOLS = frozenset(
    {"json.tool", "calendar", "platform", "this", "timeit", "site", "sysconfig", "tabnanny", "base64"}
)


def python(case: Case) -> Stream:
    """`-c` is judged by its syntax tree: only what computes and prints passes. A script is not known."""
    text, module = case.command.option("-c"), case.command.option("-m")
    if text is not None:
        case.facts.add(*_python_facts(text))
        return Stream(None)
    if module is not None:
        return _python_module(case, module.text)
    operands = case.command.operands(("-W", "-X"))
    if operands and operands[0].text != "-":
        return _file(case, operands[0])
    return _piped(case, lambda code: case.facts.add(*_python_facts(Word(code))))


def _python_module(case: Case, module: str) -> Stream:
    if module in _PYTHON_TOOLS:
        for word in case.command.operands(("-m",)):
            reads(word, case.facts, case.ground)
        case.facts.add(Action.READ)
    elif module in ("pip", "pip3", "ensurepip"):
        reading = {"list", "show", "freeze", "check", "--version"} & set(case.command.texts)
        case.facts.add(Action.READ if reading else Action.ADMINISTER, *(() if reading else (Effect.PACKAGE_CHANGE,)))
    elif module in ("http.server", "SimpleHTTPServer"):
        case.facts.add(Action.TUNNEL, Effect.TUNNEL)
    else:
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return Stream(None)


def _piped(case: Case, judge: object) -> Stream:
    """Code that comes in by the standard input, or a prompt to type at."""
    assert callable(judge)
    stdin = case.command.stdin
    if stdin.empty:
        case.facts.add(Action.RUN, Effect.INTERACTIVE)
    elif stdin.text is not None:
        judge(stdin.text)
    else:
        case.facts.add(Action.RUN, Effect.REMOTE_CODE if stdin.fetched else Effect.DYNAMIC_CODE)
    return Stream(None)


_POWERFUL = re.compile(
    r"\b(os|subprocess|shutil|socket|ctypes|pty|signal|multiprocessing|importlib|pathlib|requests|urllib|http|ftplib|smtplib|paramiko|"
    r"child_process|fs|net|vm|process|exec|execSync|spawn|system|popen|eval|compile|unlink|rmtree|remove|require|import|fork|fsockopen|"
    r"shell_exec|passthru|proc_open|socket|open3|kernel|FileUtils|File|Dir|IO|Net|TCPSocket|Runtime|ProcessBuilder)\b|__|`|%x"
)


def _foreign_code(text: Word) -> tuple[Action, Effect]:
    """Code of another language: what reaches beyond itself is refused, the rest waits for a person."""
    if not text.known or _POWERFUL.search(text.text):
        return Action.RUN, Effect.DYNAMIC_CODE
    return Action.RUN, Effect.UNKNOWN_PROGRAM


def _python_facts(text: Word) -> tuple[Action, *tuple[Effect, ...]]:
    if not text.known:
        return Action.RUN, Effect.DYNAMIC_CODE
    try:
        tree = ast.parse(text.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Action.RUN, Effect.DYNAMIC_CODE
    return (Action.READ,) if all(_is_pure(node) for node in ast.walk(tree)) else _foreign_code(text)


def _is_pure(node: ast.AST) -> bool:
    """Whether a node computes and prints only. Loops are left out: they may never end."""
    if isinstance(
        node, (ast.While, ast.AsyncFunctionDef, ast.ClassDef, ast.With, ast.AsyncWith, ast.Global, ast.Delete)
    ):
        return False
    if isinstance(node, ast.Import):
        return all(name.name in _PURE_MODULES for name in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in _PURE_MODULES
    if isinstance(node, ast.Attribute):
        return not any(mark in node.attr for mark in _MARKED) and not node.attr.startswith("_")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _PURE_NAMES or not _is_builtin(node.func.id)
    if isinstance(node, ast.Name):
        return not node.id.startswith("__") and node.id not in (
            "open",
            "exec",
            "eval",
            "compile",
            "globals",
            "vars",
            "getattr",
            "breakpoint",
        )
    return True


def _is_builtin(name: str) -> bool:
    import builtins

    return hasattr(builtins, name)


_AWK_ACTS = re.compile(r"system\s*\(|\|\s*getline|print[^;}]*\||printf[^;}]*\||/inet/|@load|\bgetline\s*<")
_AWK_WRITES = re.compile(r'(?:print|printf)\b[^;{}]*?>>?\s*("([^"]*)"|[\w$(])')


def awk(case: Case) -> Stream:
    """Programs of awk may run commands and write files; those that only print pass."""
    taking = ("-F", "-v", "-f", "--field-separator", "--assign", "--file")
    operands = case.command.operands(taking)
    if case.command.has("-f", "--file"):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
        files = operands
    else:
        text = operands[0] if operands else Word("")
        files = operands[1:]
        written = _AWK_WRITES.search(re.sub(r"\([^()]*\)|/[^/\n]*/", "()", text.text))
        if not text.known or _AWK_ACTS.search(text.text):
            case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
        elif written:
            case.facts.add(Action.WRITE, Effect.FILE_WRITE)
            if "/" in text.text and re.search(r'>\s*"/(etc|usr|bin|boot|dev|var|root)', text.text):
                case.facts.add(Action.WRITE, Effect.PROTECTED_PATH)
    for word in files:
        reads(word, case.facts, case.ground)
    case.facts.add(Action.READ)
    return Stream(None, fetched=case.command.stdin.fetched)


_PERL_ACTS = re.compile(
    r"\b(system|exec|qx|fork|open|unlink|rmdir|rename|chmod|chown|kill|eval|require|use|do|symlink|link|truncate|syscall|socket|"
    r"connect|sysopen|opendir|mkdir|utime|ioctl|dump|glob|sleep|goto)\b|`|::|->"
)


def perl(case: Case) -> Stream:
    """One-liners that only print pass; `-i` writes files back."""
    text = _one_liner(case)
    operands = case.command.operands(("-e", "-E", "-F", "-I", "-M", "-m", "-0"))
    if text is None:
        return _file(case, operands[0]) if operands else _piped(case, lambda _code: _dynamic(case))
    if not text.known or _PERL_ACTS.search(text.text) or case.command.has("-M", "-m", "-I"):
        _dynamic(case)
    for word in operands:
        if word is not text:
            reads(word, case.facts, case.ground)
    if any(re.fullmatch(r"-[a-zA-Z]*i(\.\w+)?[a-zA-Z]*", word.text) for word in case.command.arguments):
        from backends.ssh.files import writes

        for word in operands:
            if word is not text:
                writes(word, case.facts, case.ground)
    case.facts.add(Action.READ)
    return Stream(None, fetched=case.command.stdin.fetched)


def _one_liner(case: Case) -> Word | None:
    """The value of a clustered `-e`, `-ne`, `-pie`."""
    words = case.command.arguments
    for index, word in enumerate(words):
        if re.fullmatch(r"-[a-zA-Z0-9.]*[eE]", word.text) and index + 1 < len(words):
            return words[index + 1]
    return None


def _dynamic(case: Case) -> None:
    case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)


def interpreter(case: Case) -> Stream:
    """Languages that nobody reads here: code in the words or the input is not decidable, a script is not known."""
    command = case.command
    if command.name in ("java", "node", "nodejs", "ruby", "php") and command.texts in (("-version",), ("-v",)):
        case.facts.add(Action.READ)
        return Stream(None)
    code = command.option("-e", "-E", "--eval", "-p", "--print", "-r", "-c", "--execute")
    if code is not None:
        case.facts.add(*_foreign_code(code))
        return Stream(None)
    operands = command.operands()
    if operands and operands[0].text != "-":
        return _file(case, operands[0])
    return _piped(case, lambda _code: _dynamic(case))


_LISTING = frozenset(
    {"ls", "list", "view", "outdated", "audit", "explain", "tree", "metadata", "version", "env", "why", "info"}
)


def build(case: Case) -> Stream:
    """`make` and other runners do what a file of the project says; some of their words only list."""
    if case.command.texts[:1] and case.command.texts[0] in _LISTING and "fix" not in case.command.texts:
        case.facts.add(Action.READ)
        return Stream(None)
    if case.command.has("-n", "--dry-run", "--just-print", "-q", "--question"):
        case.facts.add(Action.READ)
        return Stream(None)
    case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return Stream(None)


PROGRAMS: dict[str, Judge] = {
    **dict.fromkeys((
        "sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "rbash", "mksh", "tcsh", "csh", "pwsh",
    ), shell),
    **dict.fromkeys(("python", "python2", "python3", *(f"python3.{minor}" for minor in range(6, 16))), python),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), awk),
    "perl": perl,
    **dict.fromkeys((
        "ruby", "node", "nodejs", "deno", "bun", "php", "lua", "luajit", "tclsh", "wish", "expect", "Rscript", "R",
        "julia", "groovy",
        "scala", "java", "jshell", "irb", "ghci", "runghc", "erl", "elixir", "iex", "guile", "racket", "sbcl",
        "gdb", "lldb", "osascript",
    ), interpreter),
    **dict.fromkeys((
        "make", "gmake", "cmake", "ninja", "npm", "npx", "yarn", "pnpm", "cargo", "go", "mvn", "gradle", "ant",
        "rake", "bundle", "tox",
        "pytest", "ansible", "ansible-playbook", "puppet", "chef-client", "salt", "salt-call", "at", "batch",
        "gcc", "cc", "g++",
        "clang", "ld", "as",
    ), build),
}  # fmt: skip
