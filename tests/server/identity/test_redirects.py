"""Pairs: redirect URIs that may be registered and that may not, and which two are the same."""

from __future__ import annotations

import pytest

from server.identity.redirects import form_action_source, redirect_host, redirect_problem, same_redirect
from server.identity.resource import same_resource


@pytest.mark.parametrize(
    "uri",
    [
        "https://claude.ai/api/mcp/auth_callback",
        "https://vscode.dev/redirect",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:33418/",
        "http://localhost:8765/callback?x=1",
        "http://[::1]:9000/cb",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "vscode://vscode.microsoft-authentication/callback",
        "com.example.app:/oauth2redirect",
    ],
)
def test_these_may_be_registered(uri: str) -> None:
    assert redirect_problem(uri) == ""


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox",
        "file:///etc/passwd",
        "blob:https://evil.example/1",
        "about:blank",
        "ms-msdt:/id",
        "search-ms:query=x",
        "intent://scan/#Intent;end",
        "mailto:a@example.com",
        "ftp://example.com/",
        "ws://127.0.0.1/",
        "http://example.com/callback",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "http://evil.example:80\\@127.0.0.1/cb",
        "https://user:pw@example.com/cb",
        "https://user@example.com/cb",
        "https://example.com/cb#fragment",
        "https://example.com/cb#",
        "https:///cb",
        "https://",
        "https://example.com/\r\nSet-Cookie: a=b",
        "https://exa mple.com/",
        "https://exämple.com/",
        "https://example.com:99999/",
        "http://[::1/cb",
        "//evil.example/cb",
        "/callback",
        "",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_these_may_not_be_registered(uri: str) -> None:
    assert redirect_problem(uri) != ""


@pytest.mark.parametrize(
    ("registered", "given"),
    [
        ("http://127.0.0.1/callback", "http://127.0.0.1:53123/callback"),
        ("http://localhost:1/callback", "http://localhost:2/callback"),
        ("http://[::1]/cb", "http://[::1]:7/cb"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:6000/"),
        ("https://app.example/cb?a=1", "https://app.example/cb?a=1"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback"),
    ],
)
def test_these_are_the_same(registered: str, given: str) -> None:
    assert same_redirect(registered, given)


@pytest.mark.parametrize(
    ("registered", "given"),
    [
        ("http://127.0.0.1/callback", "http://localhost/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:1/other"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:1/callback/"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:1/callback?x=1"),
        ("http://127.0.0.1/callback", "https://127.0.0.1/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:1@evil.example/callback"),
        ("http://127.0.0.1/callback", "http://user@127.0.0.1/callback"),
        ("https://app.example/cb", "https://app.example:8443/cb"),
        ("https://app.example/cb", "https://app.example.evil.example/cb"),
        ("https://app.example/cb", "https://evil.example/cb"),
        ("https://app.example/cb", "https://app.example/cb/../evil"),
        ("https://app.example/cb", "https://app.example/CB"),
        ("https://app.example/cb", "https://app.example/cb#x"),
        ("https://app.example/cb", "https://app.example/%63b"),
        ("cursor://a/cb", "cursor://b/cb"),
    ],
)
def test_these_are_not_the_same(registered: str, given: str) -> None:
    assert not same_redirect(registered, given)


@pytest.mark.parametrize(
    ("uri", "host", "source"),
    [
        ("https://claude.ai/cb", "claude.ai", "https://claude.ai"),
        ("https://app.example:8443/cb", "app.example:8443", "https://app.example:8443"),
        ("http://127.0.0.1:5000/cb", "127.0.0.1", "http://127.0.0.1:5000"),
        ("http://[::1]:5000/cb", "::1", "http:"),
        ("cursor://anysphere.cursor-mcp/cb", "cursor://", "cursor:"),
    ],
)
def test_people_read_the_host_and_browsers_the_policy_source(uri: str, host: str, source: str) -> None:
    assert (redirect_host(uri), form_action_source(uri)) == (host, source)


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/mcp/", "HTTP://127.0.0.1:8080/mcp"]
)
def test_these_name_the_resource(given: str) -> None:
    assert same_resource(given, "http://127.0.0.1:8080/mcp")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/MCP",
        "http://127.0.0.1:8080/mcp//",
        "http://127.0.0.1:8080/mcp?x",
        "http://127.0.0.1:8080/mcp#x",
        "http://localhost:8080/mcp",
        "https://127.0.0.1:8080/mcp",
        "http://[",
    ],
)
def test_these_do_not_name_the_resource(given: str) -> None:
    assert not same_resource(given, "http://127.0.0.1:8080/mcp")
