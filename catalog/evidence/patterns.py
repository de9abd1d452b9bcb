"""Every kind of hard evidence: an anchor that is searched in all cells, an exact form searched where it was seen.

Anchors are of bounded length, begin with the character before the value, and mean the same to Hyperscan and RE2.
Where values overlap, the one that stands first here wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.evidence import checks
from catalog.evidence.checks import Check
from catalog.model import Label


@dataclass(frozen=True, slots=True)
class Pattern:
    """`exact` is RE2 syntax; its group `v`, or all of it, goes through `check`."""

    label: Label
    anchor: bytes
    exact: str
    check: Check


_EDGE = rb"[^A-Za-z0-9_]"
_NAMES = r"(?:[A-Za-z0-9]{1,24}[_-]){0,4}"
_SECRETS = (
    r"(?:api[_-]?key|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|auth[_-]?key|account[_-]?key|"
    r"shared[_-]?access[_-]?key|client[_-]?secret|app[_-]?secret|secret|token|auth|credential|session[_-]?id|sig|signature)s?"
)
_IS = r"""["']?\s{0,3}(?:=>|:=|=|:)\s{0,3}"""

# (anchor, exact form) of tokens whose issuers document a prefix
_PREFIXED: Sequence[tuple[bytes, str]] = (
    (rb"A[KS]IA[A-Z0-9]{16}", r"A[KS]IA[A-Z0-9]{16}"),
    (rb"gh[pousr]_[A-Za-z0-9]{20}", r"gh[pousr]_[A-Za-z0-9]{20,}"),
    (rb"github_pat_[A-Za-z0-9_]{20}", r"github_pat_[A-Za-z0-9_]{20,}"),
    (rb"gl(?:pat|dt|rt|cbt|ptt|ft|oas|soat)-[A-Za-z0-9_-]{16}", r"gl(?:pat|dt|rt|cbt|ptt|ft|oas|soat)-[\w.-]{16,}"),
    (rb"xox[abeoprs]-[A-Za-z0-9-]{10}", r"xox[abeoprs]-[\w.-]{10,}"),
    (rb"xapp-[A-Za-z0-9-]{10}", r"xapp-[\w-]{10,}"),
    (rb"[srp]k_(?:live|test)_[A-Za-z0-9]{10}", r"[srp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    (rb"whsec_[A-Za-z0-9+/=]{16}", r"whsec_[A-Za-z0-9+/=]{16,}"),
    (rb"AIza[A-Za-z0-9_-]{30}", r"AIza[\w-]{30,60}"),
    (rb"ya29\.[A-Za-z0-9_-]{20}", r"ya29\.[\w-]{20,}"),
    (rb"GOCSPX-[A-Za-z0-9_-]{20}", r"GOCSPX-[\w-]{20,60}"),
    (rb"sk-[A-Za-z0-9_-]{20}", r"sk-[\w-]{20,}"),
    (rb"SG\.[A-Za-z0-9_-]{16}", r"SG\.[\w-]{16,40}\.[\w-]{16,80}"),
    (rb"npm_[A-Za-z0-9]{30}", r"npm_[A-Za-z0-9]{30,60}"),
    (rb"pypi-[A-Za-z0-9_-]{30}", r"pypi-[\w-]{30,}"),
    (rb"hf_[A-Za-z0-9]{30}", r"hf_[A-Za-z0-9]{30,60}"),
    (rb"do[opr]_v1_[a-f0-9]{40}", r"do[opr]_v1_[a-f0-9]{40,80}"),
    (rb"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{28}", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{28,60}"),
    (rb"hv[bsr]\.[A-Za-z0-9_-]{20}", r"hv[bsr]\.[\w-]{20,}"),
    (rb"key-[a-f0-9]{32}", r"key-[a-f0-9]{32}"),
    (rb"dapi[a-f0-9]{32}", r"dapi[a-f0-9]{32}(?:-\d)?"),
    (rb"ATATT3[A-Za-z0-9_=-]{20}", r"ATATT3[\w=-]{20,}"),
    (rb"sq0(?:atp|csp)-[A-Za-z0-9_-]{20}", r"sq0(?:atp|csp)-[\w-]{20,60}"),
    (rb"lin_api_[A-Za-z0-9]{30}", r"lin_api_[A-Za-z0-9]{30,60}"),
    (rb"dckr_pat_[A-Za-z0-9_-]{20}", r"dckr_pat_[\w-]{20,60}"),
    (rb"AGE-SECRET-KEY-1[A-Z0-9]{20}", r"AGE-SECRET-KEY-1[A-Z0-9]{20,80}"),
    (rb"[0-9]{8,10}:AA[A-Za-z0-9_-]{30}", r"[0-9]{8,10}:AA[\w-]{30,40}"),
)


def _prefixed() -> tuple[Pattern, ...]:
    return tuple(Pattern(Label.SECRET, _EDGE + anchor, exact, checks.whole) for anchor, exact in _PREFIXED)


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        Label.SECRET,
        rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY",
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----",
        checks.private_key,
    ),
    Pattern(
        Label.PASSWORD,
        rb"[A-Za-z0-9]://[^\x00\s/@:]{0,64}:[^\x00\s/@]{1,3}",
        r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/@:]{0,64}:(?P<v>[^\s/@]{2,})@",
        lambda text, start, end: None if text[start] in "<${[*" else (start, end),
    ),
    Pattern(
        Label.SECRET,
        _EDGE + rb"ey[JA-Z][A-Za-z0-9_-]{8}",
        r"ey[A-Z][\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*){1,3}",
        checks.web_token,
    ),
    *_prefixed(),
    Pattern(
        Label.SECRET,
        rb"(?i)hooks\.slack\.com/|(?i)discord(?:app)?\.com/api/webhooks/",
        r"(?:hooks\.slack\.com/\w{1,20}|discord(?:app)?\.com/api/webhooks)/(?P<v>[\w/-]{20,200})",
        lambda _text, start, end: (start, end),
    ),
    Pattern(
        Label.SECRET,
        rb"(?i)(?:bearer|basic|apikey|negotiate)[ =:]{1,2}[A-Za-z0-9+/_.=-]{12}",
        r"(?i)(?:bearer|basic|apikey|negotiate)[ =:]{1,2}(?P<v>[\w+/.=~-]{12,})",
        checks.opaque,
    ),
    Pattern(
        Label.PASSWORD,
        rb"(?i)(?:passw|passphrase|pwd|passcode|kennwort|contrase|mot[ _]de[ _]passe|mdp|senha)",
        r"(?i)(?:pass(?:word|wd|wort|phrase|code)|kennwort|contrase(?:ñ|n)a|mot[ _]de[ _]passe|mdp|senha|pwd)"
        r"""(?:["']?\s{0,3}(?:=>|:=|=|:)\s{0,3}|(?: is| was| ist| es)?:? ["'])(?P<v>"[^"\n]+"|'[^'\n]+'|[^\s,;&]+)""",
        checks.password,
    ),
    Pattern(
        Label.PASSWORD,
        rb"(?i)(?:--password[ =]|--pass[ =]|identified by |(?:curl|wget) [^\x00\n]{0,80}-u ?)",
        r"(?i)(?:--pass(?:word)?[ =]|identified by |(?:curl|wget) [^\n]{0,80}-u ?[^\s:]{1,64}:)(?P<v>\S{4,})",
        checks.password,
    ),
    Pattern(
        Label.SECRET,
        rb"(?i)(?:key|secret|token|auth|credential|session.?id|sig|signature)s?[\"']?[ \t]{0,3}[=:]",
        rf"(?i){_NAMES}{_SECRETS}{_IS}(?P<v>\"[^\"\n]+\"|'[^'\n]+'|[^\s,;&]+)",
        checks.opaque,
    ),
    Pattern(
        Label.EMAIL,
        rb"[^\x00-\x20@\"(),:;<>\[\]]@[A-Za-z0-9\x80-\xff]",
        r"[^\s\x00@\"(),:;<>\[\]\\]+@[^\s\x00@\"(),:;<>\[\]\\/?#&'=|`{}!]+",
        checks.email,
    ),
    Pattern(
        Label.IBAN,
        _EDGE + rb"(?i)[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4} ?[A-Z0-9]{3}",
        r"(?i)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}",
        checks.account,
    ),
    Pattern(
        Label.CREDIT_CARD,
        rb"[^A-Za-z0-9_.-][1-6][0-9]{3}(?:[0-9]{9}|[ -][0-9]{4,6}[ -][0-9]{4})",
        r"[1-6][0-9]{3}(?:[ -]?[0-9]){8,15}",
        checks.card,
    ),
    Pattern(
        Label.SSN,
        rb"(?i)(?:ssn|soc(?:ial|\.)?[ _.-]?sec|tax[ _-]?(?:payer|id)|[^a-z]itin|ss ?#)",
        r"[0-9]{3}(?:-[0-9]{2}-|[ ][0-9]{2}[ ]|[0-9]{2})[0-9]{4}",
        checks.social_security,
    ),
    Pattern(
        Label.PHONE,
        rb"[^A-Za-z0-9_+]\+[1-9][0-9]{0,2}[ ().-]{0,2}[0-9]",
        r"\+[1-9](?:[ ().\-/]{0,2}[0-9]){6,17}",
        checks.telephone,
    ),
)
