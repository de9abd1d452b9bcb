"""Programs that run another program: the words behind them are judged, as that program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from backends.ssh.command import Case, Command, Judge, after_options
from backends.ssh.files import reads, removes, writes
from backends.ssh.scope import Stream
from backends.ssh.words import UNKNOWN, Word
from policy.effects import Effect
from policy.model import Action

INPUT_WORD = Word(UNKNOWN, splits=True)
"""What `xargs` adds: words that come in while it runs."""


def behind(case: Case, words: Sequence[Word], *, stdin: Stream | None = None) -> Stream:
    """The command that stands behind a wrapper."""
    if not words:
        return Stream(None)
    return case.run(Command(tuple(words), case.command.stdin if stdin is None else stdin))


def plain(taking: Sequence[str] = (), *, skip: int = 0) -> Judge:
    """A wrapper that changes nothing of what matters here: `nice`, `time`, `timeout`."""

    def judge(case: Case) -> Stream:
        words = after_options(case.command, taking, skip=skip)
        case.facts.add(Action.READ)
        return behind(case, words)

    return judge


def privileged(taking: Sequence[str]) -> Judge:
    """A wrapper that runs the program as somebody else."""

    def judge(case: Case) -> Stream:
        if case.command.texts in (("-l",), ("-ll",), ("-k",), ("-K",), ("-v",), ("-nl",), ("-n", "-l"), ("-V",)):
            case.facts.add(Action.READ)
            return Stream(None)
        case.facts.add(Action.RUN, Effect.PRIVILEGE)
        words = after_options(case.command, taking)
        while words and "=" in words[0].text and not words[0].text.startswith("/"):
            words = words[1:]
        if not words or case.command.has("-s", "-i", "--shell", "--login"):
            case.facts.add(Action.RUN, Effect.INTERACTIVE if not words else Effect.PRIVILEGE)
        return behind(case, words)

    return judge


def su(case: Case) -> Stream:
    case.facts.add(Action.RUN, Effect.PRIVILEGE)
    code = case.command.option("-c", "--command", "--session-command")
    if code is None:
        case.facts.add(Action.RUN, Effect.INTERACTIVE)
        return Stream(None)
    return _shell_text(case, code)


def _shell_text(case: Case, code: Word) -> Stream:
    if code.known:
        return case.again(code.text)
    case.facts.add(Action.RUN, Effect.REMOTE_CODE if code.fetched else Effect.DYNAMIC_CODE)
    return Stream(None)


def env(case: Case) -> Stream:
    """`env A=1 program`; alone it prints the environment. `-S` splits a text into words."""
    case.facts.add(Action.READ)
    split = case.command.option("-S", "--split-string")
    words = after_options(case.command, ("-u", "--unset", "-C", "--chdir", "-S", "--split-string"))
    while words and "=" in words[0].text:
        if words[0].text.startswith(("LD_", "BASH_", "PYTHON", "PERL", "NODE_OPTIONS", "GIT_SSH")):
            case.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
        words = words[1:]
    if split is not None:
        return _shell_text(case, split)
    return behind(case, words)


def xargs(case: Case) -> Stream:
    """The program behind it gets further words that come in: known ones are put there, unknown ones stand for all."""
    taking = (
        "-I",
        "-n",
        "-P",
        "-L",
        "-d",
        "-E",
        "-s",
        "-a",
        "--max-args",
        "--max-procs",
        "--delimiter",
        "--arg-file",
        "--replace",
    )
    words = after_options(case.command, taking)
    mark = case.command.option("-I", "--replace")
    text = case.command.stdin.text
    given = [Word(piece) for piece in text.split()] if text is not None and len(text) < 4096 else [INPUT_WORD]
    if not words:
        case.facts.add(Action.READ)
        return Stream(text)
    if mark:
        text_in = given[0].text if len(given) == 1 and given[0].known else UNKNOWN
        words = [_replaced(word, mark.text, text_in) for word in words]
    else:
        words = [*words, *given]
    if case.command.stdin.fetched and not any(word.known for word in given):
        case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    return behind(case, words, stdin=Stream(None))


def _replaced(word: Word, mark: str, text: str) -> Word:
    if mark not in word.text:
        return word
    return replace(word, text=word.text.replace(mark, text))


_FIND_RUNS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_FIND_WRITES = frozenset({"-fprint", "-fprint0", "-fprintf", "-fls"})
_FIND_TESTS = frozenset({
    "-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-iregex", "-mtime", "-atime", "-ctime", "-mmin",
    "-amin", "-cmin", "-newer", "-size", "-user", "-group", "-uid", "-gid", "-perm", "-links", "-inum",
    "-samefile", "-lname",
})  # fmt: skip


def find(case: Case) -> Stream:
    """Lists; `-delete` and `-exec` act on what was found, which is as much as the starting points and tests say."""
    words = list(case.command.arguments)
    while (words and words[0].text in ("-L", "-H", "-P")) or (words and words[0].text.startswith("-O")):
        words.pop(0)
    starts: list[Word] = []
    while words and not words[0].text.startswith(("-", "(", "!")):
        starts.append(words.pop(0))
    starts = starts or [Word(".")]
    for start in starts:
        reads(start, case.facts, case.ground)
    narrowed = any(word.text in _FIND_TESTS for word in words)
    if any(word.text == "-delete" for word in words):
        _removes_found(case, starts, narrowed=narrowed)
    while words:
        word = words.pop(0)
        if word.text in _FIND_RUNS:
            inner = _until_end(words)
            _runs_found(case, starts, inner, narrowed=narrowed)
        elif word.text in _FIND_WRITES and words:
            writes(words[0], case.facts, case.ground)
    return Stream(None)


def _until_end(words: list[Word]) -> list[Word]:
    inner: list[Word] = []
    while words:
        word = words.pop(0)
        if word.text in (";", "\\;") or (word.text == "+" and inner and inner[-1].text == "{}"):
            break
        inner.append(word)
    return inner


def _removes_found(case: Case, starts: Sequence[Word], *, narrowed: bool) -> None:
    for start in starts:
        if narrowed and start.known and not case.ground.protects(start):
            case.facts.add(Action.WRITE, Effect.FILE_DELETE, Effect.RECURSIVE_DELETE)
        else:
            removes(start, case.facts, case.ground, tree=True)
            case.facts.add(Action.WRITE, *(() if narrowed else (Effect.BULK_DELETE,)))


def _runs_found(case: Case, starts: Sequence[Word], inner: Sequence[Word], *, narrowed: bool) -> None:
    """What was found stands for itself: a starting point that nothing may change, something below it, or all of it."""
    for start in starts:
        before = set(case.facts.effects)
        behind(case, [_with_found(word, _found(case, start, narrowed=narrowed)) for word in inner], stdin=Stream(None))
        if Effect.FILE_DELETE in case.facts.effects - before:
            case.facts.add(Action.WRITE, Effect.RECURSIVE_DELETE)


def _found(case: Case, start: Word, *, narrowed: bool) -> Word:
    if case.ground.protects(start):
        return start
    folder = start.text.rstrip("/")
    return Word(f"{folder}/found") if narrowed else Word(f"{folder}/*" if folder not in ("", ".") else "*", glob=True)


def _with_found(word: Word, found: Word) -> Word:
    if "{}" not in word.text:
        return word
    return replace(word, text=word.text.replace("{}", found.text), glob=word.glob or found.glob)


def chroot(case: Case) -> Stream:
    case.facts.add(Action.RUN, Effect.PRIVILEGE)
    return behind(case, after_options(case.command, (), skip=1))


def script(case: Case) -> Stream:
    """`script -c text`: records a shell, or one command."""
    code = case.command.option("-c", "--command")
    for word in case.command.operands(("-c", "--command")):
        writes(word, case.facts, case.ground)
    if code:
        return _shell_text(case, code)
    case.facts.add(Action.RUN, Effect.INTERACTIVE)
    return Stream(None)


def parallel(case: Case) -> Stream:
    case.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)
    words = [word for word in after_options(case.command, ("-j", "-n", "-I", "--jobs")) if word.text != ":::"]
    return _shell_text(case, Word(" ".join(word.text for word in words))) if words else Stream(None)


def ssh_agent(case: Case) -> Stream:
    case.facts.add(Action.RUN)
    return behind(case, after_options(case.command, ("-a", "-t")))


def terminal(case: Case) -> Stream:
    """Multiplexers keep a shell alive after the session: what runs in it is seen by nobody."""
    case.facts.add(Action.READ)
    if case.command.texts[:1] in (("ls",), ("list-sessions",), ("-ls",), ("-list",)):
        return Stream(None)
    case.facts.add(Action.RUN, Effect.INTERACTIVE, Effect.PERSISTENCE)
    for word in case.command.operands(("-s", "-n", "-c", "-t", "-S"))[1:]:
        if word.known and " " in word.text:
            case.again(word.text)
    return Stream(None)


def _detached(inner: Judge) -> Callable[[Case], Stream | None]:
    def judge(case: Case) -> Stream | None:
        case.facts.add(Action.RUN, Effect.PERSISTENCE)
        return inner(case)

    return judge


PROGRAMS: dict[str, Judge] = {
    "sudo": privileged(
        ("-u", "-g", "-C", "-h", "-p", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--host", "--prompt")
    ),
    "doas": privileged(("-u", "-C")),
    "pkexec": privileged(("--user",)),
    "runuser": su,
    "su": su,
    "env": env,
    "nice": plain(("-n", "--adjustment")),
    "ionice": plain(("-c", "-n", "-p")),
    "chrt": plain(("-p",), skip=1),
    "taskset": plain(("-p",), skip=1),
    "time": plain(("-f", "-o")),
    "timeout": plain(("-s", "-k", "--signal", "--kill-after"), skip=1),
    "stdbuf": plain(("-i", "-o", "-e")),
    "unbuffer": plain(),
    "nohup": _detached(plain()),
    "setsid": _detached(plain()),
    "coproc": plain(),
    "catchsegv": plain(),
    "strace": privileged(("-e", "-o", "-p", "-s", "-u", "-P")),
    "ltrace": privileged(("-e", "-o", "-p", "-s", "-u")),
    "flock": plain(("-w", "-E", "--timeout"), skip=1),
    "setarch": plain((), skip=1),
    "prlimit": plain(("--pid",)),
    "cgexec": plain(("-g",)),
    "unshare": privileged(("-S", "-G")),
    "nsenter": privileged(("-t", "-S", "-G", "--target")),
    "firejail": plain(),
    "proot": plain(),
    "xargs": xargs,
    "find": find,
    "fd": find,
    "chroot": chroot,
    "script": script,
    "parallel": parallel,
    "ssh-agent": ssh_agent,
    "screen": terminal,
    "tmux": terminal,
    "dtach": terminal,
}
