"""SCRAM against the example of RFC 7677, and against servers that cheat."""

from __future__ import annotations

import base64

import pytest

from backends.postgres.scram import AuthenticationFailed, Exchange, derive, md5, prepare

NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def exchange() -> Exchange:
    """As in RFC 7677, which names a user in its first message; PostgreSQL's clients send none."""
    made = Exchange(nonce=NONCE)
    made._first = f"n=user,r={NONCE}"
    return made


def test_the_example_of_rfc_7677_is_answered_and_verified() -> None:
    ours = exchange()
    challenge = ours.challenge(SERVER_FIRST)
    keys = derive("pencil", challenge.salt, challenge.iterations)
    assert ours.proof(challenge, keys) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    ours.verify(SERVER_FINAL)


@pytest.mark.parametrize(
    "final",
    [
        b"v=" + base64.b64encode(b"x" * 32),
        b"v=",
        b"e=invalid-proof",
        b"",
        b"\xff",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4",
    ],
)
def test_a_server_that_cannot_sign_is_not_believed(final: bytes) -> None:
    ours = exchange()
    challenge = ours.challenge(SERVER_FIRST)
    ours.proof(challenge, derive("pencil", challenge.salt, challenge.iterations))
    with pytest.raises(AuthenticationFailed):
        ours.verify(final)


def test_a_server_that_signs_before_it_was_asked_is_not_believed() -> None:
    with pytest.raises(AuthenticationFailed):
        exchange().verify(SERVER_FINAL)


@pytest.mark.parametrize(
    "first",
    [
        b"r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-5",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=!!,i=4096",
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,r=rOprNGfwEbeRWgbNEkqOx,i=4096",
        b"m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"",
        b"\xff\xfe",
    ],
)
def test_a_challenge_that_is_not_for_us_or_not_safe_is_refused(first: bytes) -> None:
    with pytest.raises(AuthenticationFailed):
        exchange().challenge(first)


def test_with_a_certificate_the_first_message_binds_the_channel() -> None:
    bound = Exchange(nonce="abc", binding=b"\1\2")
    assert bound.mechanism == "SCRAM-SHA-256-PLUS"
    assert bound.first() == b"p=tls-server-end-point,,n=,r=abc"
    challenge = bound.challenge(b"r=abcdef,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    proof = bound.proof(challenge, derive("x", challenge.salt, challenge.iterations))
    assert proof.startswith(b"c=" + base64.b64encode(b"p=tls-server-end-point,,\1\2"))


def test_keys_and_passwords_do_not_show_in_a_traceback() -> None:
    keys = derive("pencil", b"salt", 4096)
    assert repr(keys) == "Keys(hidden)"


@pytest.mark.parametrize(
    ("given", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0007", "\u0007"),
        ("\u0627\u0031", "\u0627\u0031"),
    ],
    ids=["soft hyphen", "plain", "case", "compatibility", "roman", "space", "prohibited: as it is", "bidi: as it is"],
)
def test_passwords_are_prepared_as_rfc_4013_says(given: str, prepared: str) -> None:
    assert prepare(given) == prepared


def test_the_md5_answer_is_that_of_the_manual() -> None:
    # concat('md5', md5(concat(md5(concat(password, username)), random-salt)))
    assert md5("postgres", "secret", b"\1\2\3\4") == "md5" + _md5(_md5(b"secretpostgres").encode() + b"\1\2\3\4")


def _md5(data: bytes) -> str:
    import hashlib

    return hashlib.md5(data, usedforsecurity=False).hexdigest()
