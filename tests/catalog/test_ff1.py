"""FF1 against the samples that NIST published for SP 800-38G, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.ff1 import FF1, SmallDomain

K128 = "2B7E151628AED2A6ABF7158809CF4F3C"
K192 = K128 + "EF4359D8D580AA4F"
K256 = K192 + "7F036D6F04FC6A94"
T10, T36 = "39383736353433323130", "3737373770717273373737"
DIGITS, LETTERS = "0123456789", "0123456789abcdefghi"


@pytest.mark.parametrize(
    ("key", "radix", "tweak", "plain", "secret"),
    [
        (K128, 10, "", DIGITS, "2433477484"),
        (K128, 10, T10, DIGITS, "6124200773"),
        (K128, 36, T36, LETTERS, "a9tv40mll9kdu509eum"),
        (K192, 10, "", DIGITS, "2830668132"),
        (K192, 10, T10, DIGITS, "2496655549"),
        (K192, 36, T36, LETTERS, "xbj3kv35jrawxv32ysr"),
        (K256, 10, "", DIGITS, "6657667009"),
        (K256, 10, T10, DIGITS, "1001623463"),
        (K256, 36, T36, LETTERS, "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_samples_of_nist(key: str, radix: int, tweak: str, plain: str, secret: str) -> None:
    cipher = FF1(bytes.fromhex(key), radix=radix)
    before, after = [int(char, 36) for char in plain], [int(char, 36) for char in secret]
    assert cipher.encrypt(before, bytes.fromhex(tweak)) == after
    assert cipher.decrypt(after, bytes.fromhex(tweak)) == before


@given(st.data(), st.sampled_from([2, 10, 36, 65_536]), st.binary(max_size=40))
def test_what_is_encrypted_can_be_decrypted(data: st.DataObject, radix: int, tweak: bytes) -> None:
    numerals = data.draw(st.lists(st.integers(0, radix - 1), min_size=20, max_size=80))
    cipher = FF1(bytes(range(32)), radix=radix)
    assert cipher.decrypt(cipher.encrypt(numerals, tweak), tweak) == numerals


@pytest.mark.parametrize(("radix", "length"), [(10, 5), (36, 3), (2, 19), (10, 0)])
def test_small_domains_are_refused(radix: int, length: int) -> None:
    with pytest.raises(SmallDomain):
        FF1(bytes(16), radix=radix).encrypt([0] * length)


def test_numerals_outside_the_radix_are_refused() -> None:
    with pytest.raises(ValueError, match="outside the radix"):
        FF1(bytes(16), radix=10).encrypt([10] * 8)
