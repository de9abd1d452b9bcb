"""Phrases by which a description gives orders to the model instead of saying what a tool does.

English only: other languages are told by their hidden characters and by a person. Every gap of a pattern is bounded,
and a pattern runs only where its first words stand, so that hostile text costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from backends.mcp.characters import readable

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Phrase:
    """`needs`: one of these stands in the lower-case text, or the pattern is not tried."""

    code: str
    reason: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]


def _phrase(code: str, reason: str, needs: str, pattern: str) -> Phrase:
    return Phrase(code, reason, tuple(needs.split("|")), re.compile(pattern))


_OTHERS = (
    r"(?:any|every|all|each)(?: of)?(?: the)?(?: (?:other|available|remaining)){1,2} (?:tools?|functions?|servers?)"
)
_CONVERSATION = (
    r"(?:(?:chat|conversation|message|dialog(?:ue)?) history|(?:full|entire|whole|complete|previous|prior) "
    r"(?:conversation|chat|dialog(?:ue)?|context window)|system prompt|(?:previous|prior|earlier) (?:user )?messages?)"
)
_PLACES = (
    r"(?:~?/?\.ssh\b|\bid_(?:rsa|ed25519|ecdsa)\b|/etc/(?:passwd|shadow)|\.aws/credentials|\.kube/config|\.netrc\b"
    r"|\.git-credentials|\.npmrc\b|\.pypirc\b|\.env\b|\bmcp\.json\b|\.cursor/|claude_desktop_config|\bkeychain\b"
    r"|\bwallet\.dat\b)"
)
_SECRETS = (
    r"(?:private keys?|ssh keys?|api[ _-]?keys?|passwords?|credentials|secrets|access tokens?"
    r"|session (?:cookies?|tokens?)|environment variables)"
)
_TAKE = r"(?:read|open|load|cat|fetch|copy|collect|gather|locate|find|retrieve|access|dump)"
_GIVE = (
    r"(?:pass|include|provide|send|attach|append|put|paste|insert|forward|embed|supply|upload|post|transmit|submit|add)"
)
_GAP = r"[^.!?\n]{0,80}?"

PHRASES = (
    _phrase(
        "override",
        "It tells the model to set its instructions aside.",
        "ignor|disregard|forget|overrid|bypass|supersede|instead of following",
        r"\b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|es|ing)|bypass(?:ing)?|supersedes?"
        r"|instead of following)\b"
        r"(?: (?:all|any|the|your|of|these|those|other|its|and)){0,4} ?"
        r"(?:(?:previous|prior|above|earlier|preceding|existing|system|safety|original|user'?s?|developer) ?){0,2}"
        r"(?:(?:and|or) \w+ ?)?"
        r" ?\b(?:instructions?|prompts?|directives?|guardrails?|guidelines|system messages?"
        r"|safety (?:rules?|checks?))\b",
    ),
    _phrase(
        "secrecy",
        "It tells the model to keep something from the user.",
        "tell|inform|mention|reveal|disclos|notif|let |alert|explain|report|show|ask",
        r"\b(?:do not|don'?t|never|must not|should not|shouldn'?t|avoid|refrain from|without)\b"
        r"(?: (?:ever|explicitly|directly))? (?:"
        r"(?:tell|telling|inform|informing|let|notify|alert|alerting|ask|asking)"
        r" (?:the |your )?(?:user|human|person|operator|customer|anyone|anybody|developer)\b"
        r"(?!'s| (?:id|name|email|input))"
        r"|(?:mention|mentioning|reveal|revealing|disclose|disclosing|report|reporting|explain|explaining|show|showing)"
        r" (?:this|that|it|these|them|any of this|the (?:instructions?|existence|side ?-?note|step))\b)",
    ),
    _phrase(
        "secrecy",
        "It tells the model to keep something from the user.",
        "user must|user should|user can|user does|user need|hidden from|secret from|concealed from|keep this|keep it|"
        "user will get|user will be|silently",
        r"\b(?:(?:the )?user (?:must|should|can|need|does)(?: ?not|n't)"
        r" (?:know|see (?:this|it|that)|be (?:told|informed|aware)|need to know)"
        r"|(?:hidden|secret|concealed) from the (?:user|human|operator)"
        r"|keep (?:this|it) (?:a )?(?:secret|hidden|confidential)"
        r"|(?:the )?user will (?:get|be) (?:very )?(?:upset|angry|confused)"
        rf"|silently {_GAP}\b{_GIVE}\b{_GAP}\b(?:to|via) (?:this|the|another|our)"
        r" (?:server|tool|endpoint|address))",
    ),
    _phrase(
        "hidden-block",
        "A block that is marked as orders or as another speaker's words.",
        "<|[inst|[system|###|human:|assistant:|system:",
        r"</?(?:important|system|instructions?|secret|hidden|admin|assistant|sys|critical|prompt|override|directive|sidenote)"
        r"(?:[ _-]?(?:note|prompt|message|instructions?|reminder))?\s*/?>"
        r"|<!--|\[/?(?:inst|system|admin)\]|<\|[a-z_]{2,30}\|>"
        r"|(?:^|\n)\s*(?:human|assistant|system)\s*:\s*\S"
        r"|#{3,} ?(?:system|new instructions?|end of (?:tool|prompt|system))",
    ),
    _phrase(
        "asks-for-secrets",
        "It asks for secrets or for the content of files that hold them.",
        "ssh|id_|/etc/|.aws|.kube|.netrc|credential|.npmrc|.pypirc|.env|mcp.json|.cursor|claude_desktop|keychain|wallet",
        rf"\b(?:{_TAKE[3:-1]}|{_GIVE[3:-1]}|contents? of|reading)\b{_GAP}{_PLACES}",
    ),
    _phrase(
        "asks-for-secrets",
        "It asks for secrets or for the content of files that hold them.",
        "key|password|credential|secret|token|cookie|environment",
        rf"\b{_TAKE}\b{_GAP}\b{_SECRETS}\b{_GAP}\b(?:and|then)\b{_GAP}\b{_GIVE}\b"
        rf"|\b{_GIVE}\b (?:\w+ ){{0,3}}(?:any|all|every|the user's|user's|your|their)(?: \w+){{0,3}} {_SECRETS}\b"
        rf"(?:{_GAP}\b(?:you (?:know|have|find)|in (?:this|the) (?:context|conversation|session)|as (?:the|an?) \w+))?",
    ),
    _phrase(
        "asks-for-conversation",
        "It asks for what was said in the conversation.",
        "conversation|history|system prompt|messages|dialog|context window|chat",
        rf"\b(?:{_GIVE[3:-1]}|summari[sz]e|copy|repeat|reproduce|quote|output|print)\b (?:\w+ ){{0,6}}?{_CONVERSATION}",
    ),
    _phrase(
        "before-other-tools",
        "It wants to be called, or to change what happens, whenever other tools are used.",
        "other tool|other function|other server|available tool|every tool|any tool|each tool|all tools|every message|"
        "every response|every request|each message|each response|other available|remaining",
        r"\b(?:must|always|mandatory|required|essential|never)\b[^.!?\n]{0,60}?"
        r"\b(?:before|after|prior to|when(?:ever)?|instead of)\b[^.!?\n]{0,40}?"
        rf"(?:{_OTHERS}|(?:any|every|each|all) tools?\b|(?:every|each) (?:message|response|request|turn))"
        rf"|\b(?:before|after|when(?:ever)?|instead of) (?:using|calling|invoking|running|you (?:use|call)) {_OTHERS}"
        rf"[^.!?\n]{{0,60}}?\b(?:must|always|first call|first use|first run)\b",
    ),
    _phrase(
        "before-this-tool",
        "It makes the model read something before it may use the tool.",
        "before",
        r"\bbefore (?:using|calling|invoking|running|executing|you (?:use|call|invoke|run)) (?:this|the|it)\b"
        r"[^.!?\n]{0,40}?"
        rf"\b{_TAKE}\b{_GAP}(?:{_PLACES}|\b{_SECRETS}\b|\b{_CONVERSATION}\b|\bfiles?\b(?! ?(?:path|name|id)))",
    ),
    _phrase(
        "new-role",
        "It gives the model another role or new orders.",
        "you are now|you must now|new instruction|new prompt|from now on|your new|new system|jailbreak|developer mode|"
        "act as if",
        r"\byou (?:are|must) now\b|\bnew (?:system )?(?:instructions?|prompt)\s*:"
        r"|\bfrom now on,? (?:you|always|all|every|do|never)\b"
        r"|\byour new (?:role|task|goal|instructions?|objective)\b|\bjailbreak\b|\b(?:enable|enter) developer mode\b"
        r"|\bact as if (?:you|the user)\b",
    ),
    _phrase(
        "sends-elsewhere",
        "It names an address to which data shall go.",
        "http|@",
        rf"\b(?:bcc|cc|forward|send|post|upload|exfiltrate|transmit|copy|report)\b {_GAP}\b(?:to|at)\b {_GAP}"
        r"(?:https?://(?!(?:localhost|127\.|[\w.-]*example\.(?:com|org|net)|[\w.-]*\.(?:test|example)\b))[\w.-]+"
        r"|[\w.+-]+@(?!example\.|[\w.-]*\.(?:test|example)\b)[\w-]+\.[\w.]+)"
        r"|\b(?:bcc|cc|add) (?:\w+ ){0,3}?[\w.+-]+@(?!example\.|[\w.-]*\.(?:test|example)\b)[\w-]+\.[\w.]+",
    ),
)

_SPACE = MappingProxyType({ord(char): " " for char in "\t\r\u00a0\u2028\u2029"})
_RUNS = re.compile(r" {2,}")


def phrases(text: str) -> Iterator[tuple[str, str, Span]]:
    """(code, reason, span) of each kind of order. Spans are of the readable text, near enough to show where."""
    plain = _RUNS.sub(" ", readable(text).translate(_SPACE).lower().replace("’", "'"))
    if len(plain) < 12:
        return
    joined = re.sub(r"(?<=[\w,])\n(?=\w)", " ", plain)  # a line break in the middle of a sentence hides nothing
    for phrase in PHRASES:
        if not any(word in joined for word in phrase.needs):
            continue
        if found := phrase.pattern.search(joined) or phrase.pattern.search(plain):
            yield phrase.code, phrase.reason, found.span()
