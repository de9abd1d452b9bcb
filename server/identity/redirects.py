"""Redirect URIs: which ones may be registered, and when two are the same.

RFC 9700 §2.1 asks for exact comparison; RFC 8252 §7.3 excepts the port of a loopback address, which native
programs choose when they start. Private-use schemes are an allow-list, because a scheme that the operating
system hands to some other program (`ms-msdt:`, `search-ms:`, `javascript:`) would run with one click.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
EDITOR_SCHEMES = frozenset(
    {
        "claude",
        "codex",
        "cursor",
        "goose",
        "jetbrains",
        "kiro",
        "raycast",
        "trae",
        "vscode",
        "vscode-insiders",
        "vscodium",
        "warp",
        "windsurf",
        "zed",
    }
)
REVERSE_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
SOURCE_HOST = re.compile(r"[a-z0-9.-]+(:\d{1,5})?")
MAX_LENGTH = 2048


def redirect_problem(uri: str) -> str:
    """Why this URI may not be registered; empty when it may."""
    if len(uri) > MAX_LENGTH:
        return f"A redirect URI may have at most {MAX_LENGTH} characters."
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        return "A redirect URI is printable ASCII without spaces."
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "The redirect URI is malformed."
    if parts.fragment or "#" in uri:
        return "A redirect URI has no fragment (RFC 6749 §3.1.2)."
    if parts.username is not None or parts.password is not None:
        return "A redirect URI names no user."
    return _scheme_problem(parts)


def _scheme_problem(parts: SplitResult) -> str:
    match parts.scheme:
        case "https":
            return "" if parts.hostname else "The redirect URI names no host."
        case "http":
            return "" if parts.hostname in LOOPBACK_HOSTS else "Plain http redirects are for loopback addresses only."
        case scheme if scheme in EDITOR_SCHEMES or REVERSE_DOMAIN.fullmatch(scheme):
            return ""
        case _:
            return "This scheme is not accepted: use https, loopback http, or a reverse-domain scheme (RFC 8252 §7.1)."


def same_redirect(registered: str, given: str) -> bool:
    """Whether `given` is the registered URI; only the port of a loopback http address may differ."""
    if redirect_problem(given):
        return False
    return _comparable(registered) == _comparable(given)


def _comparable(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return uri
    netloc = parts.netloc
    if is_loopback(uri):
        netloc = parts.hostname or ""
    return urlunsplit(parts._replace(netloc=netloc, path=parts.path or "/"))  # RFC 3986 §6.2.3: empty path = "/"


def is_loopback(uri: str) -> bool:
    """Whether the URI ends on the person's own machine over plain http."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS


def redirect_host(uri: str) -> str:
    """Where codes go, for people: the host of a web address (no loopback port), or `scheme://` of an app."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}://"
    return (parts.hostname or "") if is_loopback(uri) else parts.netloc


def form_action_source(uri: str) -> str:
    """The Content-Security-Policy source that lets a form's answer redirect to `uri`.

    Browsers apply `form-action` to redirects too. CSP cannot name an IPv6 literal, so those fall back to the scheme.
    """
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https") and SOURCE_HOST.fullmatch(parts.netloc.lower()):
        return f"{parts.scheme}://{parts.netloc.lower()}"
    return f"{parts.scheme}:"
