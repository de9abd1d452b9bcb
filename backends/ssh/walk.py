"""Reads a command line as the shell would run it: statement by statement, every branch, with what the pipes carry.

Each kind of node is on the list below; one that is not makes the whole text not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tree_sitter import Node

from backends.ssh.command import Case, Command, Facts, Foreign
from backends.ssh.expand import Expander
from backends.ssh.grammar import NotShell, parse_tree, text_of
from backends.ssh.paths import Ground
from backends.ssh.programs import judge_command
from backends.ssh.redirects import judge_redirect
from backends.ssh.scope import MAX_DEPTH, MAX_STEPS, NO_INPUT, UNKNOWN_STREAM, Scope, Stream
from backends.ssh.words import UNKNOWN, Word
from policy.effects import Effect
from policy.model import Action

QUIET = Stream("")
MAX_ROUNDS = 8  # rounds of a loop over known words that are followed one by one
_DANGEROUS_VARIABLES = frozenset({
    "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "BASH_ENV", "ENV", "PROMPT_COMMAND", "SHELLOPTS", "BASHOPTS", "PS4",
    "GIT_SSH_COMMAND", "GIT_SSH", "GIT_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF", "EDITOR", "VISUAL", "PAGER",
    "MANPAGER", "LESSOPEN", "PERL5OPT", "PERL5LIB", "PYTHONSTARTUP", "PYTHONPATH", "RUBYOPT", "NODE_OPTIONS",
    "DYLD_INSERT_LIBRARIES", "BROWSER", "SSH_ASKPASS",
})  # fmt: skip


class Walker:
    """One text. What it finds is in `facts`; raises NotShell for what it cannot read."""

    def __init__(self, facts: Facts, scope: Scope, *, protected: tuple[str, ...], foreign: Foreign) -> None:
        self.facts, self.scope, self.protected, self.foreign = facts, scope, protected, foreign
        self.expander = Expander(scope, self.substitution)

    def text(self, text: str) -> Stream:
        """Another text, as `sh -c` would run it."""
        if self.scope.depth >= MAX_DEPTH:
            raise NotShell("texts are nested too deeply")
        self.scope.depth += 1
        try:
            with self.scope.apart():
                return self.run(parse_tree(text), NO_INPUT)
        finally:
            self.scope.depth -= 1

    def run(self, node: Node, stdin: Stream) -> Stream:
        reader = _STATEMENTS.get(node.type)
        if reader is None:
            raise NotShell(f"{node.type.replace('_', ' ')} is not understood")
        return reader(self, node, stdin)

    def all(self, nodes: Sequence[Node], stdin: Stream) -> Stream:
        """Several statements, one after the other; together they print what each prints."""
        printed = [self.run(node, stdin) for node in nodes if node.type not in _SEPARATORS]
        known = [stream.text for stream in printed if stream.text is not None]
        text = "".join(known) if len(known) == len(printed) else None
        return Stream(text, fetched=any(stream.fetched for stream in printed))

    def children(self, node: Node, stdin: Stream) -> Stream:
        return self.all(node.children, stdin)

    def substitution(self, node: Node) -> Stream:
        with self.scope.apart():
            inner = [child for child in node.children if child.type not in ("$(", "`", "<(", ">(", ")")]
            if len(inner) == 1 and inner[0].type == "file_redirect":  # `$(< file)`
                judge_redirect(inner[0], self._target(inner[0]), self.facts, self.ground())
                return UNKNOWN_STREAM
            return self.all(inner, UNKNOWN_STREAM if node.children[0].type == ">(" else NO_INPUT)

    def ground(self) -> Ground:
        return Ground(self.scope.cwd or "", self.scope.home, self.protected)

    def pipeline(self, node: Node, stdin: Stream) -> Stream:
        stream = stdin
        for child in node.children:
            if child.type not in ("|", "|&"):
                with self.scope.apart():
                    stream = self.run(child, stream)
        return stream

    def redirected(self, node: Node, stdin: Stream) -> Stream:
        """`body` with redirections; a here-document may carry the rest of a pipe with it, as the grammar has it."""
        body = node.child_by_field_name("body")
        rest: list[Node] = []
        stdin, taken = self._redirections(node.children, stdin, rest)
        stream = QUIET if body is None else self.run(body, stdin)
        stream = UNKNOWN_STREAM if taken and body is None else stream
        for more in rest:
            stream = self._rest(more, stream, stdin)
        return stream

    def _rest(self, node: Node, stream: Stream, stdin: Stream) -> Stream:
        """What stands after `<<EOF` on the same line: the next part of a pipe, or a further statement."""
        if node.type != "pipeline":
            return self.run(node, stdin)
        for child in node.children:
            if child.type not in ("|", "|&"):
                stream = self.run(child, stream)
        return stream

    def _redirections(self, nodes: Sequence[Node], stdin: Stream, rest: list[Node]) -> tuple[Stream, bool]:
        """The standard input that results, and whether there was any redirection."""
        taken = False
        for child in nodes:
            if child.type == "file_redirect":
                target = self._target(child)
                fetched = judge_redirect(child, target, self.facts, self.ground())
                stdin, taken = fetched or stdin, True
            elif child.type == "herestring_redirect":
                text = self.expander.text(child.children[-1])
                stdin, taken = Stream(None if text is None else text + "\n"), True
            elif child.type == "heredoc_redirect":
                stdin, taken = self._heredoc(child, rest), True
        return stdin, taken

    def _heredoc(self, node: Node, rest: list[Node]) -> Stream:
        text = ""
        start = next((text_of(child) for child in node.children if child.type == "heredoc_start"), "")
        for child in node.children:
            if child.type == "heredoc_body":
                word = self.expander.heredoc(child, expands=not any(mark in start for mark in "'\"\\"))
                text = word.text
            elif child.type == "file_redirect":
                judge_redirect(child, self._target(child), self.facts, self.ground())
            elif child.type not in ("<<", "<<-", "heredoc_start", "heredoc_end", "file_descriptor", "&&", "||"):
                rest.append(child)
        return Stream(None if UNKNOWN in text else text)

    def _target(self, node: Node) -> Word:
        words = self.expander.fields(node.children[-1])
        return words[0] if len(words) == 1 else Word(UNKNOWN, splits=True)

    def command(self, node: Node, stdin: Stream) -> Stream:
        assignments = [child for child in node.children if child.type == "variable_assignment"]
        named = [child for child in node.children if child.type not in ("variable_assignment", *_REDIRECTS)]
        stdin, _ = self._redirections(node.children, stdin, [])
        for assignment in assignments:
            self._forbidden_variable(self._name_of(assignment))
            self.expander.text(assignment.children[-1])
        words = self.expander.words(named)
        return self.simple(Command(tuple(words), stdin)) if words else QUIET

    def simple(self, command: Command) -> Stream:
        """A command whose words are known as far as they can be: a function of the line, or a program."""
        self.scope.steps += 1
        if self.scope.steps > MAX_STEPS:
            raise NotShell("the text comes to too many commands")
        function = self.scope.functions.get(command.name)
        if function is not None and command.words[0].exact:
            return self._call(command, function)
        case = Case(
            command,
            self.facts,
            ground=self.ground(),
            scope=self.scope,
            again=self.text,
            run=self.simple,
            foreign=self.foreign,
        )
        return judge_command(case)

    def _call(self, command: Command, body: Node) -> Stream:
        name = command.name
        if name in self.scope.calling:
            self.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)
            return UNKNOWN_STREAM
        if len(self.scope.calling) >= MAX_DEPTH:
            raise NotShell("functions are nested too deeply")
        calling, kept = self.scope.calling, dict(self.scope.variables)
        self.scope.calling = (*calling, name)
        for place, word in enumerate(command.arguments, start=1):
            self.scope.variables[str(place)] = word.text if word.exact else None
        try:
            return self.run(body, command.stdin)
        finally:
            self.scope.calling = calling
            for place in range(1, len(command.arguments) + 1):
                self.scope.variables[str(place)] = kept.get(str(place))

    def assignment(self, node: Node, stdin: Stream) -> Stream:
        name, value = self._name_of(node), None
        if node.children[0].type == "subscript":
            self.expander._nested(node.children[0])
        if node.children[-1].type == "array" or node.children[0].type == "subscript":
            self.expander.words([child for child in node.children[-1:] if child.is_named])
        elif node.children[-1].type not in ("=", "+="):
            value = self.expander.text(node.children[-1])
            if value is not None and any(child.type == "+=" for child in node.children):
                before = self.scope.variables.get(name, "")
                value = None if before is None else before + value
        else:
            value = ""
        self._forbidden_variable(name)
        self.scope.variables[name] = value
        return QUIET

    def _name_of(self, node: Node) -> str:
        return text_of(node.children[0]).partition("[")[0]

    def _forbidden_variable(self, name: str) -> None:
        """Variables that make other programs run code of the caller's choice, or hide what was typed."""
        if name in _DANGEROUS_VARIABLES or name.startswith(("LD_", "BASH_FUNC_", "DYLD_")):
            self.facts.add(Action.RUN, Effect.DYNAMIC_CODE)
        elif name.startswith("HIST"):
            self.facts.add(Action.ADMINISTER, Effect.TRACE_REMOVAL)
        elif name in ("PATH", "IFS", "CDPATH"):
            self.facts.add(Action.RUN, Effect.UNKNOWN_PROGRAM)

    def declaration(self, node: Node, stdin: Stream) -> Stream:
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                self.assignment(child, stdin)
            else:
                self.expander.fields(child)
        return QUIET

    def function(self, node: Node, stdin: Stream) -> Stream:
        name = text_of(node.child_by_field_name("name") or node.children[0])
        body = node.child_by_field_name("body") or node.children[-1]
        self.scope.functions[name] = body
        return QUIET

    def subshell(self, node: Node, stdin: Stream) -> Stream:
        with self.scope.apart():
            return self.children(node, stdin)

    def branch(self, node: Node, stdin: Stream) -> Stream:
        with self.scope.perhaps():
            return replace(self.children(node, stdin), text=None)

    def condition(self, node: Node, stdin: Stream) -> Stream:
        """`if`: the first condition runs for certain, all else perhaps."""
        streams = []
        for child in node.children:
            if child.type not in _SEPARATORS:
                with self.scope.perhaps():
                    streams.append(self.run(child, stdin))
        return Stream(None, fetched=any(stream.fetched for stream in streams))

    def loop(self, node: Node, stdin: Stream) -> Stream:
        """`while` and `until`. One that nothing ends keeps the host busy for good."""
        text = text_of(node)
        endless = text_of(node.children[1]).strip() in ("true", ":", "[ 1 ]", "((1))", "1", "/bin/true")
        if endless and not any(word in text for word in ("sleep", "read", "break", "exit", "return", "wait")):
            self.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)
        with self.scope.perhaps():
            for name in _read_names(node):
                self.scope.variables[name] = None
            return replace(self.children(node, stdin), text=None)

    def for_each(self, node: Node, stdin: Stream) -> Stream:
        name = text_of(node.child_by_field_name("variable") or node.children[1])
        body = node.child_by_field_name("body") or node.children[-1]
        values = [child for child in node.children[3:] if child != body and child.type not in _SEPARATORS]
        words = self.expander.words(values)
        fetched = any(word.fetched for word in words)
        followed = words if words and len(words) <= MAX_ROUNDS else [Word(UNKNOWN, splits=True)]
        if not all(word.exact for word in followed) and any(child.type == "&" for child in body.children):
            self.facts.add(Action.RUN, Effect.RESOURCE_EXHAUSTION)
        streams = []
        with self.scope.perhaps():
            for word in followed:
                self.scope.variables[name] = word.text if word.exact else None
                streams.append(self.run(body, stdin))
        return Stream(None, fetched=fetched or any(stream.fetched for stream in streams))

    def counted(self, node: Node, stdin: Stream) -> Stream:
        """`for ((…))`: without a condition it never ends."""
        body = node.child_by_field_name("body") or node.children[-1]
        for child in node.children:
            self.expander._nested(child) if child != body else None
        with self.scope.perhaps():
            return replace(self.run(body, stdin), text=None)

    def case(self, node: Node, stdin: Stream) -> Stream:
        self.expander.fields(node.children[1])
        with self.scope.perhaps():
            items = [self.run(child, stdin) for child in node.children if child.type == "case_item"]
        return Stream(None, fetched=any(item.fetched for item in items))

    def case_item(self, node: Node, stdin: Stream) -> Stream:
        inside = False
        body = []
        for child in node.children:
            if inside and child.type not in (";;", ";&", ";;&"):
                body.append(child)
            inside = inside or child.type == ")"
        return self.all(body, stdin)

    def test(self, node: Node, stdin: Stream) -> Stream:
        """`[ … ]` and `[[ … ]]`: only commands inside them do anything."""
        self.expander._nested(node)
        return QUIET

    def quiet(self, node: Node, stdin: Stream) -> Stream:
        return QUIET

    def unset(self, node: Node, stdin: Stream) -> Stream:
        for child in node.children[1:]:
            if child.type == "variable_name":
                self._forbidden_variable(text_of(child))
                self.scope.variables[text_of(child)] = ""
            else:
                self.expander.fields(child)
        return QUIET


def _read_names(node: Node) -> list[str]:
    """The variables of `while read a b`: they hold what comes in, which is not known."""
    words = text_of(node.children[1]).split()
    return [word for word in words[1:] if word.isidentifier()] if words[:1] == ["read"] or "read" in words else []


_REDIRECTS = ("file_redirect", "herestring_redirect", "heredoc_redirect")
_SEPARATORS = frozenset({
    ";", "&", "&&", "||", "\n", ";;", "(", ")", "{", "}", "!", "if", "then", "fi", "elif", "else", "while", "until",
    "do", "done", "for", "in", "select", "comment",
})  # fmt: skip
_STATEMENTS: dict[str, Callable[[Walker, Node, Stream], Stream]] = {
    "program": Walker.children,
    "list": Walker.children,
    "pipeline": Walker.pipeline,
    "command": Walker.command,
    "redirected_statement": Walker.redirected,
    "subshell": Walker.subshell,
    "compound_statement": Walker.children,
    "negated_command": Walker.children,
    "do_group": Walker.children,
    "if_statement": Walker.condition,
    "elif_clause": Walker.branch,
    "else_clause": Walker.branch,
    "while_statement": Walker.loop,
    "for_statement": Walker.for_each,
    "c_style_for_statement": Walker.counted,
    "case_statement": Walker.case,
    "case_item": Walker.case_item,
    "function_definition": Walker.function,
    "variable_assignment": Walker.assignment,
    "variable_assignments": Walker.children,
    "declaration_command": Walker.declaration,
    "unset_command": Walker.unset,
    "test_command": Walker.test,
    "comment": Walker.quiet,
}
