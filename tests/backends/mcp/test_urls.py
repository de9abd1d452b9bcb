"""Addresses that a tool may not be sent to, in every spelling that reaches them."""

from __future__ import annotations

import pytest

from backends.mcp.urls import is_internal, looks_like_url

INSIDE = """
http://127.0.0.1/ http://localhost:8080/ http://LOCALHOST./ http://127.1/ http://2130706433/ http://0x7f000001/
http://0177.0.0.1/ http://0x7f.1/ http://[::1]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://0/ http://0.0.0.0/
http://10.0.0.1/ http://172.16.4.4/ http://192.168.1.1/ http://100.64.0.1/ http://169.254.169.254/latest/meta-data/
http://[fd00::1]/ http://[fe80::1]/ http://[fe80::1%25eth0]/ http://metadata.google.internal/ http://metadata/
http://db/ http://printer.local/ http://shop.svc/ http://api.corp/ http://user@example.com/ http://example.com@127.0.0.1/
file:///etc/passwd gopher://example.com/ ftp://example.com/ javascript:alert(1) data:text/plain,x unix:///run/x dict://x/
http:\\\\127.0.0.1\\ //127.0.0.1/ 127.0.0.1 localhost http://127.0.0.1%2f/ http://%31%32%37.0.0.1/ http://①②⑦.0.0.1/
http:// http://[ http://example.com:99999/ http://[2002:7f00:1::]/ http://224.0.0.1/ http://127。0。0。1/
""".split()  # noqa: SIM905 - a list of quoted strings could not be read
OUTSIDE = """
https://example.com/ http://example.com:8080/a?b=c#d https://8.8.8.8/ https://[2606:4700::1111]/ example.com/path
https://sub.domain.example.org/%20 https://münchen.de/ https://EXAMPLE.com./
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", INSIDE)
def test_it_leads_inside(address: str) -> None:
    assert is_internal(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_it_leads_outside(address: str) -> None:
    assert not is_internal(address)


def test_breaks_and_blanks_around_an_address_change_nothing() -> None:
    assert is_internal(" \thttp://127.0.\n0.1/ ")
    assert looks_like_url("  HTTP://x")
    assert not looks_like_url("see http://x")
