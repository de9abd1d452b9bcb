"""What the verifier refuses: RFC 8725, RFC 9068, security checklist. Forged tokens are signed for real."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.identity.keys import SigningKeys, load_keys, rotate_keys
from server.identity.logins import mint_person_token, new_login, revoke_login
from server.identity.tokens import AccessTokens, TokenRefused, Verifier
from server.identity.users import add_user, disable_user, set_groups
from server.store.engine import Store
from tests.server.identity.site import MCP, ORIGIN, Clock, Site, part

pytestmark = pytest.mark.anyio


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """SQLite only: claims and signatures know no dialect, and the sign-in flow is tested on both."""
    return f"sqlite+aiosqlite:///{tmp_path}/warded.db"


@dataclass
class Mint:
    """Ada's log-in, and any claims or header one likes under the real key."""

    store: Store
    keys: SigningKeys
    clock: Clock
    login_id: str

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(self.clock())
        claims = {
            "iss": ORIGIN,
            "sub": "ada",
            "aud": MCP,
            "iat": now,
            "exp": now + 600,
            "jti": "j",
            "client_id": "c",
            "client_name": "Claude Code",
            "scope": "mcp:tools",
            "sid": self.login_id,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        kid, key = self.keys.current
        headers = {"typ": "at+jwt", "kid": kid, **(header or {})}
        return jwt.encode(self.claims(**changes), key, algorithm="ES256", headers=headers)

    def verifier(self, **options: Any) -> Verifier:
        return Verifier(self.keys, self.store, issuer=ORIGIN, audience=MCP, clock=self.clock, **options)


@pytest.fixture
async def mint(site: Site) -> Mint:
    login = new_login("ada", resource=MCP, now=site.clock(), client_id="c", client_name="Claude Code")
    login_id = login.id
    async with site.store.session() as session:
        session.add(login)
    return Mint(site.store, await load_keys(site.store, clock=site.clock), site.clock, login_id)


async def refusal(verifier: Verifier, token: str) -> str:
    with pytest.raises(TokenRefused) as caught:
        await verifier.verify(token)
    assert caught.value.code == "invalid_token"
    assert token not in str(caught.value)
    return caught.value.description


async def test_a_good_token_is_accepted(mint: Mint) -> None:
    assert (await mint.verifier().verify(mint.token())).user == "ada"


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"iss": "https://evil.example"}, "The token comes from another issuer."),
        ({"iss": f"{ORIGIN}/"}, "The token comes from another issuer."),
        ({"iss": None}, "The token lacks a claim that it must carry."),
        ({"aud": f"{ORIGIN}/api/v1"}, "The token was issued for another resource."),
        ({"aud": ORIGIN}, "The token was issued for another resource."),
        ({"aud": f"{MCP}//"}, "The token was issued for another resource."),
        ({"aud": [MCP, "https://evil.example"]}, "The token was issued for another resource."),
        ({"aud": []}, "The token was issued for another resource."),
        ({"aud": None}, "The token was issued for another resource."),
        ({"sub": None}, "The token lacks a claim that it must carry."),
        ({"sub": ""}, "The token lacks a claim that it must carry."),
        ({"sub": 7}, "The token lacks a claim that it must carry."),
        ({"sub": "bob"}, "The log-in of this token does not exist."),
        ({"sid": None}, "The token lacks a claim that it must carry."),
        ({"sid": ""}, "The token lacks a claim that it must carry."),
        ({"sid": "0" * 32}, "The log-in of this token does not exist."),
        ({"client_id": "other"}, "The log-in of this token does not exist."),
        ({"client_id": None}, "The token lacks a claim that it must carry."),
        ({"jti": None}, "The token lacks a claim that it must carry."),
        ({"scope": None}, "The token lacks a claim that it must carry."),
        ({"exp": None}, "The token lacks a claim that it must carry."),
        ({"exp": "soon"}, "The token lacks a claim that it must carry."),
        ({"exp": 1e99}, "The token lacks a claim that it must carry."),
        ({"exp": float("inf")}, "The token lacks a claim that it must carry."),
        ({"exp": True}, "The token lacks a claim that it must carry."),
        ({"nbf": "soon"}, "The token lacks a claim that it must carry."),
    ],
)
async def test_a_token_with_wrong_claims_is_refused(mint: Mint, changes: dict[str, Any], description: str) -> None:
    assert await refusal(mint.verifier(), mint.token(**changes)) == description


async def test_times_are_judged_with_little_leeway(mint: Mint) -> None:
    now, verifier = int(mint.clock()), mint.verifier()
    assert await refusal(verifier, mint.token(exp=now - 60)) == "The token has expired."
    assert await refusal(verifier, mint.token(exp=now - 10)) == "The token has expired."
    assert await refusal(verifier, mint.token(nbf=now + 61)) == "The token is not valid yet."
    assert await refusal(verifier, mint.token(iat=now + 61)) == "The token is not valid yet."
    assert (await verifier.verify(mint.token(exp=now - 9, nbf=now + 10))).user == "ada"


async def test_the_audience_may_have_one_trailing_slash(mint: Mint) -> None:
    assert (await mint.verifier().verify(mint.token(aud=f"{MCP}/"))).user == "ada"


@pytest.mark.parametrize("typ", ["JWT", "id_token", "dpop+jwt", "", None])
async def test_a_token_of_another_type_is_refused(mint: Mint, typ: str | None) -> None:
    assert await refusal(mint.verifier(), mint.token(header={"typ": typ})) == "The token is not an access token."


@pytest.mark.parametrize("header", [{"kid": "unknown"}, {"kid": "../../etc/passwd"}, {"kid": ""}])
async def test_an_unknown_key_is_refused(mint: Mint, header: dict[str, Any]) -> None:
    assert await refusal(mint.verifier(), mint.token(header=header)) == "The token was signed by an unknown key."


async def test_keys_that_the_token_brings_along_are_ignored(mint: Mint) -> None:
    kid, _ = mint.keys.current
    evil = ec.generate_private_key(ec.SECP256R1())
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(evil.public_key()))
    header = {"typ": "at+jwt", "kid": kid, "jwk": jwk, "jku": "https://evil.example/k", "x5u": "https://evil.example/c"}
    forged = jwt.encode(mint.claims(), evil, algorithm="ES256", headers=header)
    assert await refusal(mint.verifier(), forged) == "The token's signature is wrong."
    assert (
        await mint.verifier().verify(mint.token(header={"jwk": jwk, "jku": "https://evil.example/k"}))
    ).user == "ada"


def signed(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(piece).rstrip(b"=").decode() for piece in parts)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, "es256"])
async def test_a_token_without_a_signature_is_refused(mint: Mint, alg: str | None) -> None:
    forged = signed({"alg": alg, "typ": "at+jwt", "kid": mint.keys.current[0]}, mint.claims(), b"")
    assert await refusal(mint.verifier(), forged) in (
        "The token is signed in a way that is not accepted.",
        "The token is malformed.",
    )


@pytest.mark.parametrize("form", ["pem", "der", "point"])
async def test_the_public_key_is_no_hmac_secret(mint: Mint, form: str) -> None:
    """Algorithm confusion: HS256 with the public key, which is no secret, as the secret (RFC 8725 §2.1)."""
    kid, key = mint.keys.current
    public = key.public_key()
    secret = {
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "point": public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    }[form]
    header = {"alg": "HS256", "typ": "at+jwt", "kid": kid}
    unsigned = signed(header, mint.claims(), b"").removesuffix(".")
    tag = hmac.new(secret, unsigned.encode(), hashlib.sha256).digest()
    assert await refusal(mint.verifier(), signed(header, mint.claims(), tag)) == (
        "The token is signed in a way that is not accepted."
    )


async def test_other_algorithms_are_refused(mint: Mint) -> None:
    headers = {"typ": "at+jwt", "kid": mint.keys.current[0]}
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for key, algorithm in ((rsa_key, "RS256"), (ec.generate_private_key(ec.SECP384R1()), "ES384")):
        forged = jwt.encode(mint.claims(), key, algorithm=algorithm, headers=headers)
        assert await refusal(mint.verifier(), forged) == "The token is signed in a way that is not accepted."


async def test_an_all_zero_signature_is_refused(mint: Mint) -> None:
    """r = s = 0 verified under any key in some implementations (CVE-2022-21449)."""
    forged = signed({"alg": "ES256", "typ": "at+jwt", "kid": mint.keys.current[0]}, mint.claims(), bytes(64))
    assert await refusal(mint.verifier(), forged) == "The token's signature is wrong."


async def test_a_tampered_claim_is_refused(mint: Mint) -> None:
    header, _, signature = mint.token().split(".")
    claims = base64.urlsafe_b64encode(json.dumps(mint.claims(sub="root")).encode()).rstrip(b"=").decode()
    assert await refusal(mint.verifier(), f"{header}.{claims}.{signature}") == "The token's signature is wrong."


@pytest.mark.parametrize(
    "token", ["x", "a.b", "a.b.c", "a.b.c.d.e", "..", "\x00", "é.é.é", "\udc80", "eyJhbGciOiJub25lIn0.."]
)
async def test_nonsense_is_malformed(mint: Mint, token: str) -> None:
    assert await refusal(mint.verifier(), token) in (
        "The token is malformed.",
        "The token is signed in a way that is not accepted.",
    )


async def test_a_header_nested_a_thousandfold_is_malformed(mint: Mint) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=")
    assert await refusal(mint.verifier(), f"{deep}.e30.AAAA") == "The token is malformed."


async def test_a_token_longer_than_8_kib_is_refused_unread(mint: Mint) -> None:
    assert await refusal(mint.verifier(), mint.token(client_name="x" * 9000)) == "The token is longer than 8 KiB."


async def test_a_critical_header_that_nobody_understands_is_refused(mint: Mint) -> None:
    token = mint.token(header={"crit": ["b64"], "b64": True})
    assert "The token" in await refusal(mint.verifier(), token)


async def test_a_refusal_passes_through_context_managers(mint: Mint) -> None:
    """contextlib assigns to the exception on its way, which a frozen dataclass would not let it."""

    @contextmanager
    def stage() -> Iterator[None]:
        yield

    with pytest.raises(TokenRefused), stage():
        await mint.verifier().verify("x")


async def test_no_token_is_missing_and_not_invalid(mint: Mint) -> None:
    with pytest.raises(TokenRefused) as caught:
        await mint.verifier().verify("")
    assert caught.value.code == "missing"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), replacement=st.characters(codec="ascii"))
async def test_no_single_changed_character_goes_unnoticed(mint: Mint, position: int, replacement: str) -> None:
    token = mint.token()
    at = position % (len(token) - 1)  # the last character's low bits carry nothing in base64
    changed = token[:at] + replacement + token[at + 1 :]
    if changed != token:
        await refusal(mint.verifier(), changed)


async def test_groups_come_from_the_account_and_follow_within_a_minute(mint: Mint) -> None:
    verifier, token = mint.verifier(), mint.token(groups=["admins"])
    assert (await verifier.verify(token)).groups == {"dba"}
    await set_groups(mint.store, "ada", ["readers"])
    assert (await verifier.verify(token)).groups == {"dba"}
    mint.clock.advance(60)
    assert (await verifier.verify(token)).groups == {"readers"}


async def test_a_revoked_log_in_is_refused_within_a_minute_and_at_once_when_told(mint: Mint) -> None:
    told, untold, token = mint.verifier(), mint.verifier(), mint.token()
    await told.verify(token)
    await untold.verify(token)
    assert await revoke_login(mint.store, mint.login_id, "test", clock=mint.clock)
    told.forget(mint.login_id)
    assert await refusal(told, token) == "The log-in has been ended. Sign in again."
    await untold.verify(token)
    mint.clock.advance(60)
    assert await refusal(untold, token) == "The log-in has been ended. Sign in again."


async def test_a_disabled_person_is_refused_at_once_when_told(mint: Mint) -> None:
    verifier, token = mint.verifier(), mint.token()
    await verifier.verify(token)
    await disable_user(mint.store, "ada", clock=mint.clock)
    verifier.forget("ada")
    assert await refusal(verifier, token) == "The account is disabled."


async def test_what_is_remembered_ends_with_the_token(mint: Mint) -> None:
    verifier, token = mint.verifier(), mint.token(exp=int(mint.clock()) + 20)
    await verifier.verify(token)
    mint.clock.advance(31)
    assert await refusal(verifier, token) == "The token has expired."


async def test_the_memory_of_the_verifier_is_bounded_and_holds_no_token(mint: Mint) -> None:
    verifier = mint.verifier(cache_size=2)
    tokens = [mint.token(jti=str(number)) for number in range(5)]
    for token in tokens:
        await verifier.verify(token)
    assert len(verifier._cache) == 2
    assert not any(token in repr(vars(verifier)) for token in tokens)


async def test_remembered_tokens_need_no_store(mint: Mint) -> None:
    verifier, token = mint.verifier(), mint.token()
    first = await verifier.verify(token)
    await mint.store.close()
    assert await verifier.verify(token) is first


async def test_a_persons_own_token_names_no_agent(site: Site) -> None:
    token = await mint_person_token(
        site.store, site.tokens, "ada", audience=site.config.api_url, seconds=3600, clock=site.clock
    )
    keys = await load_keys(site.store, clock=site.clock)
    api = Verifier(keys, site.store, issuer=ORIGIN, audience=site.config.api_url, clock=site.clock)
    identity = await api.verify(token)
    assert (identity.user, identity.agent, identity.via) == ("ada", None, "person")
    assert identity.expires_at == site.clock() + 3600
    assert await refusal(site.verifier, token) == "The token was issued for another resource."


async def test_a_persons_token_can_be_revoked_by_its_session(site: Site) -> None:
    token = await mint_person_token(site.store, site.tokens, "ada", audience=MCP, seconds=60, clock=site.clock)
    await site.verifier.verify(token)
    await revoke_login(site.store, part(token, 1)["sid"], "lost", clock=site.clock)
    site.verifier.forget(part(token, 1)["sid"])
    assert await refusal(site.verifier, token) == "The log-in has been ended. Sign in again."


async def test_no_token_is_minted_for_somebody_unknown_or_disabled(site: Site) -> None:
    await add_user(site.store, "bob", clock=site.clock)
    await disable_user(site.store, "bob", clock=site.clock)
    for name in ("bob", "nobody"):
        with pytest.raises(ValueError, match="no such account"):
            await mint_person_token(site.store, site.tokens, name, audience=MCP, seconds=60, clock=site.clock)


async def test_after_a_rotation_old_tokens_live_on_until_the_old_key_retires(site: Site) -> None:
    old = await mint_person_token(site.store, site.tokens, "ada", audience=MCP, seconds=86400, clock=site.clock)
    kid = await rotate_keys(site.store, overlap_seconds=3600, clock=site.clock)
    site.clock.advance(61)
    new = await mint_person_token(site.store, site.tokens, "ada", audience=MCP, seconds=86400, clock=site.clock)
    assert part(new, 0)["kid"] == kid != part(old, 0)["kid"]
    assert (await site.verifier.verify(old)).user == (await site.verifier.verify(new)).user == "ada"
    site.clock.advance(3600)
    assert await refusal(site.verifier, old) == "The token was signed by an unknown key."
    assert (await site.verifier.verify(new)).user == "ada"


async def test_a_key_that_another_process_made_is_found_but_not_looked_for_all_the_time(site: Site) -> None:
    other = AccessTokens(await load_keys(site.store, clock=site.clock), issuer=ORIGIN, clock=site.clock)
    site.clock.advance(31)
    await rotate_keys(site.store, overlap_seconds=3600, clock=site.clock)
    await other.keys.reload()
    token = await mint_person_token(site.store, other, "ada", audience=MCP, seconds=60, clock=site.clock)
    assert (await site.verifier.verify(token)).user == "ada"
    await rotate_keys(site.store, overlap_seconds=3600, clock=site.clock)
    await other.keys.reload()
    newer = await mint_person_token(site.store, other, "ada", audience=MCP, seconds=60, clock=site.clock)
    assert await refusal(site.verifier, newer) == "The token was signed by an unknown key."
    site.clock.advance(30)
    assert (await site.verifier.verify(newer)).user == "ada"
