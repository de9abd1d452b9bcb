"""IP address: the host part becomes zero (IPv4 /24, IPv6 /48); of a network card its maker stays."""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN_V4 = re.compile(rf"({_OCTET}\.{_OCTET}\.{_OCTET})\.{_OCTET}")
_KEPT_BITS = {4: 24, 6: 48}


def mask_ip(value: str) -> str | None:
    """`203.0.113.7` → `203.0.113.0`; a prefix length stays, at most 24 or 48. None for all that is no address."""
    text = value.strip()
    plain = _PLAIN_V4.fullmatch(text)
    if plain:
        return f"{plain[1]}.0"
    if "%" in text or len(text) > 64:  # a zone names an interface of the host (RFC 4007 §11)
        return None
    try:
        address = ip_interface(text)
    except ValueError:
        return None
    return _network(address, prefix="/" in text)


def _network(address: IPv4Interface | IPv6Interface, prefix: bool) -> str:
    bits = min(_KEPT_BITS[address.version], address.network.prefixlen)
    network = ip_interface(f"{address.ip}/{bits}").network
    return str(network) if prefix else str(network.network_address)


def mask_mac(value: str) -> str | None:
    """`08:00:2b:01:02:03` → `08:00:2b:00:00:00`: the maker (OUI, three bytes) stays. Six or eight bytes (EUI-64)."""
    parts = value.strip().split(":")
    return ":".join([*parts[:3], *["00"] * (len(parts) - 3)]) if len(parts) in (6, 8) else None


IP = Masker(
    "generalise",
    MappingProxyType({Family.TEXT: mask_ip, Family.INET: mask_ip, Family.MACADDR: mask_mac}),
    stable=True,
)
