"""Whether an address that a tool is handed leads out into the world: schemes, literal addresses in every spelling,
names that only mean something inside. A name that a resolver turns into an inner address is not seen from here.

Sources: RFC 6890 (special-purpose addresses), WHATWG URL §3.5 (spellings of IPv4 addresses).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urlsplit

METADATA = frozenset({"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"})
INNER = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".svc", ".arpa", ".test")
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_.-]+")
_LOOKS = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def looks_like_url(text: str) -> bool:
    return bool(_LOOKS.match(text))


def is_internal(text: str) -> bool:
    """True in doubt: for what is no plain http(s) address of a public host."""
    text = re.sub(r"[\t\r\n]", "", text.strip())  # browsers take these out, so does whoever fetches
    if not _SCHEME.match(text):
        text = f"http:{text}" if text.startswith("//") else f"http://{text}"
    text = text.replace("\\", "/")
    try:
        parts = urlsplit(text)
        host = unquote(parts.hostname or "")
        _ = parts.port
    except ValueError:
        return True
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc:
        return True
    return _is_inner_host(host)


def _is_inner_host(host: str) -> bool:
    name = host.rstrip(".").lower()
    try:
        name = name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return True
    if name in METADATA or name == "localhost" or name.endswith(INNER):
        return True
    address = _address(name)
    if address is None and not _NAME.fullmatch(name):
        return True
    if address is None:
        return "." not in name  # one word means whatever the server's own network makes of it
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return not address.is_global or address.is_multicast or (mapped is not None and not mapped.is_global)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.strip("[]").partition("%")[0])
    except ValueError:
        return _odd_address(name)


def _odd_address(name: str) -> ipaddress.IPv4Address | None:
    """1 to 4 parts, each decimal, octal (0…) or hexadecimal (0x…); the last fills what is left."""
    parts = name.split(".")
    if len(parts) > 4:
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number << (24 - 8 * place)
    return ipaddress.IPv4Address(value) if 0 <= value < 1 << 32 else ipaddress.IPv4Address(0)


def _number(part: str) -> int:
    if not part.isascii() or not part:
        raise ValueError
    if part[:2] in ("0x", "0X"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") and len(part) > 1 else int(part, 10)
