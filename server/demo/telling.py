"""How the story looks: acts, calls, tables with their masked cells marked, verdicts, a tick for each thing checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

WIDTH = 118
MASKED = "bold magenta"
QUIET = "grey58"
NULL = Text("null", style=QUIET)


class Teller:
    """Prints to a console and remembers which checks failed. `picture` is a recording console that gets some acts."""

    def __init__(self, console: Console, *, picture: Console | None = None) -> None:
        self.console = console
        self.failures: list[str] = []
        self.checks = 0
        self._picture = picture
        self._pictured = False
        self._acts = 0

    def act(self, title: str, words: str = "", *, pictured: bool = False) -> None:
        self._acts += 1
        self._pictured = pictured
        self._print(Text(""))
        self._print(Rule(Text(f" {self._acts}  {title} ", style="bold cyan"), align="left", style="cyan"))
        if words:
            self.say(words)

    def say(self, words: str) -> None:
        """A sentence, in Rich's markup."""
        self._print(Padding(Text.from_markup(words), (0, 2)))

    def sql(self, statement: str, *, who: str = "agent") -> None:
        """What the agent sends."""
        text = Syntax(statement, "sql", theme="ansi_dark", background_color="default", word_wrap=True)
        self._print(Padding(Group(Text(f"{who} › sql_query", style=QUIET), text), (1, 2, 0, 2)))

    def check(self, words: str, passed: bool) -> None:
        """Something that must hold."""
        self.checks += 1
        if not passed:
            self.failures.append(words)
        mark, style = ("✓", "green") if passed else ("✗", "bold red")
        self._print(Padding(Text.assemble((f"{mark} ", style), (words, QUIET if passed else "red")), (0, 2)))

    def rows(self, answer: Mapping[str, Any]) -> None:
        """A result as the agent sees it. Masked columns carry their label and stand out."""
        masked = {entry["column"]: entry["label"] for entry in answer.get("masked", [])}
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", expand=False)
        for column in answer.get("columns", []):
            name, style = column["name"], MASKED if column["name"] in masked else ""
            heading = Text.assemble(name, (f"\n{masked.get(name, ' ')}" if masked else "", MASKED))
            table.add_column(heading, style=style, overflow="fold")
        for row in answer.get("rows", []):
            table.add_row(*(NULL if cell is None else Text(str(cell)) for cell in row))
        self._print(Padding(table, (0, 2)))

    def verdict(self, answer: Mapping[str, Any], *, style: str) -> None:
        """Why something did not run, or not yet."""
        lines = [Text.assemble((f"{reason['rule']}: ", "bold"), reason["text"]) for reason in answer.get("reasons", [])]
        if "error" in answer:
            lines.append(Text(str(answer["error"]["message"])))
        lines.append(Text.assemble(("what to do: ", "bold green"), str(answer.get("next_step", ""))))
        panel = Panel(Group(*lines), title=str(answer["status"]).upper(), border_style=style, title_align="left")
        self._print(Padding(panel, (0, 2)))

    def facts(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Names and values, one a line."""
        table = Table.grid(padding=(0, 2))
        for name, value in pairs:
            table.add_row(Text(name, style=QUIET), Text.from_markup(value))
        self._print(Padding(table, (0, 2)))

    def listing(self, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        table = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for line in lines:
            table.add_row(*(escape(part) for part in line))
        self._print(Padding(table, (0, 2)))

    def _print(self, renderable: RenderableType) -> None:
        self.console.print(renderable)
        if self._picture and self._pictured:
            self._picture.print(renderable)
