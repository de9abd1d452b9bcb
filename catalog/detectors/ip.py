"""IP addresses of people's devices; addresses of servers and networks are configuration."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.detectors.base import TEXTUAL, Detector, Kind, terms
from catalog.model import Label


def value(text: str) -> float:
    """1.0 for one IPv4 or IPv6 address; a network with a shorter prefix is none."""
    if len(text) > 64 or not any(char in ".:" for char in text):
        return 0.0
    try:
        interface = ip_interface(text.split("%", 1)[0])
    except ValueError:
        return _first_of_list(text)
    return 1.0 if interface.network.num_addresses == 1 or interface.ip != interface.network.network_address else 0.2


def _first_of_list(text: str) -> float:
    """`X-Forwarded-For` keeps a list, the client first; a port may follow an IPv4 address."""
    first = text.split(",", 1)[0].strip()
    host, _colon, port = first.partition(":")
    try:
        ip_address(host if port.isdecimal() else first)
    except ValueError:
        return 0.0
    return 0.9


IP = Detector(
    Label.IP,
    terms(
        (0.95, "ip ipaddress ipaddr ipadresse ipadres clientip remoteip userip sourceip srcip"),
        (0.95, "remoteaddr remoteaddress"),
        (0.95, "ipv4 ipv6 ip4 ip6 ipv4address ipv6address lastip loginip signinip"),
        (0.95, "direccionip adresseip xforwardedfor"),
        (0.6, "peer forwardedfor lastloginfrom"),
    ),
    value,
    families=TEXTUAL | {Family.INET},
    alone=0.9,
    context=MappingProxyType({Kind.INFRASTRUCTURE: -1.0}),
)
