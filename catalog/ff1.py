"""Format-preserving encryption FF1 with AES.

Source: NIST SP 800-38G (2016) algorithm 7, with the least domain of a million of its revision 1.
"""

from __future__ import annotations

from collections.abc import Sequence

LEAST_DOMAIN = 1_000_000
_ROUNDS = 10


class SmallDomain(ValueError):
    """So few values have this format that the table of all of them could be tried out."""


class FF1:
    """Encrypts sequences of numerals below `radix` (2 to 65,536). `key` holds 16, 24 or 32 bytes."""

    def __init__(self, key: bytes, *, radix: int) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        if not 2 <= radix <= 65_536:
            raise ValueError("the radix is 2 to 65536")
        self.radix = radix
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16)))
        self._block = Cipher(algorithms.AES(key), modes.ECB())

    def encrypt(self, numerals: Sequence[int], tweak: bytes = b"") -> list[int]:
        return self._rounds(numerals, tweak, range(_ROUNDS), sign=1)

    def decrypt(self, numerals: Sequence[int], tweak: bytes = b"") -> list[int]:
        return self._rounds(numerals, tweak, range(_ROUNDS - 1, -1, -1), sign=-1)

    def _rounds(self, numerals: Sequence[int], tweak: bytes, order: range, *, sign: int) -> list[int]:
        """Raises SmallDomain, and ValueError for a numeral outside the radix."""
        radix, n = self.radix, len(numerals)
        if radix**n < LEAST_DOMAIN:
            raise SmallDomain(f"{n} numerals of radix {radix} are fewer than a million values")
        if not all(0 <= numeral < radix for numeral in numerals):
            raise ValueError("a numeral is outside the radix")
        u, v = n // 2, n - n // 2
        a, b = _number(numerals[:u], radix), _number(numerals[u:], radix)
        width = ((radix**v - 1).bit_length() + 7) // 8
        need = 4 * ((width + 3) // 4) + 4
        head = bytes((1, 2, 1)) + radix.to_bytes(3) + bytes((10, u % 256)) + n.to_bytes(4) + len(tweak).to_bytes(4)
        tail = tweak + bytes((-len(tweak) - width - 1) % 16)
        for i in order:
            m = u if i % 2 == 0 else v
            kept = b if sign > 0 else a
            y = self._stretch(head + tail + bytes((i,)) + kept.to_bytes(width), need)
            moved = ((a if sign > 0 else b) + sign * y) % radix**m
            a, b = (kept, moved) if sign > 0 else (moved, kept)
        return [*_numerals(a, radix, u), *_numerals(b, radix, v)]

    def _stretch(self, text: bytes, need: int) -> int:
        """The PRF of `text` (algorithm 6), stretched to `need` bytes, as a number."""
        r = self._cipher.encryptor().update(text)[-16:]
        if need > 16:
            encrypt = self._block.encryptor().update
            first = int.from_bytes(r)
            r += b"".join(encrypt((first ^ j).to_bytes(16)) for j in range(1, (need + 15) // 16))
        return int.from_bytes(r[:need])


def _number(numerals: Sequence[int], radix: int) -> int:
    number = 0
    for numeral in numerals:
        number = number * radix + numeral
    return number


def _numerals(number: int, radix: int, length: int) -> list[int]:
    numerals = [0] * length
    for index in range(length - 1, -1, -1):
        number, numerals[index] = divmod(number, radix)
    return numerals
