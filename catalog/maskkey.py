"""The secret behind pseudonyms and format-preserving encryption, and what is drawn from it within one scope.

Keyed BLAKE2b (RFC 7693) throughout; every use has a key of its own, derived by name. Without the key a pseudonym
can neither be turned back nor be found by hashing all phone numbers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from catalog.ff1 import FF1

KEY_BYTES = 32
_REMEMBERED = 16_384  # masked values of one kind of column in one scope


@dataclass(frozen=True, slots=True)
class MaskKey:
    """`id` names the key in records; `secret` (32 bytes) is shown by nothing."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a mask key has {KEY_BYTES} bytes")

    def derived(self, use: str) -> bytes:
        return blake2b(use.encode("utf-8", "surrogatepass"), key=self.secret, digest_size=KEY_BYTES).digest()


class Keyed:
    """What one scope draws from the key: the same text gives the same numbers here, and others in another scope.

    `scope` is free text that tells scopes apart ("" = the whole installation). Marks do not depend on the scope, so
    that a pseudonym of any scope is known again.
    """

    def __init__(self, key: MaskKey, scope: str = "") -> None:
        self.key_id = key.id
        self._numbers, self._marks = key.derived(f"numbers {scope}"), key.derived("marks")
        self._cipher_key = key.derived(f"ff1 {scope}")
        self._ciphers: dict[int, FF1] = {}
        self._memories: dict[Hashable, Callable[[str], str | None]] = {}

    def number(self, use: str, text: str) -> int:
        """256 bits that only the key and `text` determine."""
        message = f"{use}\0{text}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(message, key=self._numbers, digest_size=32).digest())

    def mark(self, text: str, below: int) -> int:
        """A check number below `below` that only this key can give to `text`."""
        digest = blake2b(text.encode("utf-8", "surrogatepass"), key=self._marks, digest_size=8).digest()
        return int.from_bytes(digest) % below

    def encrypt(self, numerals: Sequence[int], *, radix: int, use: str) -> list[int]:
        """FF1 with `use` as the tweak. Raises SmallDomain."""
        cipher = self._ciphers.get(radix)
        if cipher is None:
            cipher = self._ciphers[radix] = FF1(self._cipher_key, radix=radix)
        return cipher.encrypt(numerals, use.encode())

    def remember(self, use: Hashable, mask: Callable[[str], str | None]) -> Callable[[str], str | None]:
        """`mask` with a memory, one for each `use` for as long as this scope lives."""
        return self._memories.setdefault(use, lru_cache(maxsize=_REMEMBERED)(mask))
