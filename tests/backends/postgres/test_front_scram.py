"""SCRAM towards clients: our client's half against our server's half, and what must not pass."""

from __future__ import annotations

import pytest

from backends.door import Verifier
from backends.postgres.front_scram import ServerExchange
from backends.postgres.scram import MECHANISM, MECHANISM_PLUS, AuthenticationFailed, Exchange
from backends.postgres.scram import derive as client_keys
from server.native.credentials import derive

SALT, PASSWORD = b"0123456789abcdef", "wdn_abc_secret"
VERIFIER = derive(PASSWORD, SALT, 4096)


def converse(password: str, *, client: bytes | None, server: bytes | None, verifier: Verifier = VERIFIER) -> Exchange:
    """The whole conversation; raises AuthenticationFailed on either side."""
    theirs = Exchange(nonce="rOprNGfwEbeRWgbNEkqO", binding=client)
    ours = ServerExchange(verifier, nonce="%hvYDpWUa2RaTCAfuxFIlj)hNlF", binding=server)
    challenge = theirs.challenge(ours.first(theirs.mechanism, theirs.first()))
    keys = client_keys(password, challenge.salt, challenge.iterations)
    theirs.verify(ours.final(theirs.proof(challenge, keys)))
    return theirs


@pytest.mark.parametrize(("client", "server"), [(None, None), (None, b"hash"), (b"hash", b"hash")])
def test_the_right_password_is_proven_both_ways(client: bytes | None, server: bytes | None) -> None:
    assert converse(PASSWORD, client=client, server=server).mechanism == (MECHANISM_PLUS if client else MECHANISM)


def test_a_wrong_password_is_refused() -> None:
    with pytest.raises(AuthenticationFailed, match="proof is wrong"):
        converse("wrong", client=None, server=None)


def test_a_certificate_put_in_between_is_noticed() -> None:
    with pytest.raises(AuthenticationFailed):
        converse(PASSWORD, client=b"somebody else's", server=b"hash")


def test_taking_the_offer_of_channel_binding_away_is_noticed() -> None:
    ours = ServerExchange(VERIFIER, nonce="n" * 20, binding=b"hash")
    with pytest.raises(AuthenticationFailed, match="channel binding"):
        ours.first(MECHANISM, b"y,,n=,r=rOprNGfwEbeRWgbNEkqO")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n,,",
        b"n,,n=,r=short",
        b"n,a=x,n=,r=rOprNGfwEbeRWgbNEkqO",
        b"\xff",
        b"p=tls-unique,,n=,r=" + b"r" * 20,
        b"n,,n=," + b"x" * 5000,
    ],
)
def test_a_malformed_first_message_is_refused(message: bytes) -> None:
    with pytest.raises(AuthenticationFailed):
        ServerExchange(VERIFIER, nonce="n" * 20, binding=None).first(MECHANISM, message)


@pytest.mark.parametrize("message", [b"", b"c=biws,r=x,p=", b"c=biws,p=AAAA", b"c=!,r=x,p=AAAA", b"c=biws,r=x,p=%%"])
def test_a_malformed_final_message_is_refused(message: bytes) -> None:
    ours = ServerExchange(VERIFIER, nonce="n" * 20, binding=None)
    ours.first(MECHANISM, b"n,,n=,r=rOprNGfwEbeRWgbNEkqO")
    with pytest.raises(AuthenticationFailed):
        ours.final(message)
