"""What an address means, and that a mistake in it never switches protection off."""

from __future__ import annotations

import pytest

from backends.postgres.address import Address, read_address

CASES = {
    "postgres://db.internal/shop": Address("db.internal", 5432, "shop", "verify-full"),
    "postgresql://db.internal:6432/shop?sslmode=require": Address("db.internal", 6432, "shop", "require"),
    "postgres://db.internal/shop?sslmode=verify-ca&sslrootcert=/ca.pem": Address(
        "db.internal", 5432, "shop", "verify-ca", "/ca.pem"
    ),
    "postgres://127.0.0.1:5433/my%20shop": Address("127.0.0.1", 5433, "my shop", "disable"),
    "postgres://localhost": Address("localhost", 5432, "postgres", "disable"),
    "postgres://[::1]/x": Address("::1", 5432, "x", "disable"),
    "postgres://localhost/x?sslmode=verify-full": Address("localhost", 5432, "x", "verify-full"),
    "postgres://10.0.0.1/x": Address("10.0.0.1", 5432, "x", "verify-full"),
    "postgres://localhost.evil.example/x": Address("localhost.evil.example", 5432, "x", "verify-full"),
    "postgres:///x?host=/run/pg": Address("", 5432, "x", "disable", socket="/run/pg/.s.PGSQL.5432"),
}


@pytest.mark.parametrize(("url", "address"), CASES.items())
def test_an_address_is_read(url: str, address: Address) -> None:
    assert read_address(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db/x",
        "postgres://ann:secret@db/x",
        "postgres://db/x?sslmode=verify_full",
        "postgres://db/x?sslmode=prefer",
        "postgres://db/x?sslmod=disable",
        "postgres://db/x?options=-csearch_path%3Devil",
        "postgres://db/x?host=other.example",
        "postgres://db:port/x",
        "postgres:///x?host=/run/pg&sslmode=require",
    ],
)
def test_what_is_not_understood_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError) as refusal:
        read_address(url)
    assert "secret" not in str(refusal.value)
