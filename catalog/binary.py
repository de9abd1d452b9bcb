"""PostgreSQL's binary format of the types that have masks of their own: to the text form and back.

Source: the send and recv functions of the types (numeric_send, date_send, inet_send, …) as the protocol shows them;
integers are big-endian, dates count from 2000-01-01. Every reader raises ValueError (or its kin, struct.error and
OverflowError) for bytes that are no such value; none tells the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_interface
from types import MappingProxyType
from uuid import UUID

from catalog.columntypes import Family

_EPOCH = date(2000, 1, 1).toordinal()
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INTEGERS = {2: ">h", 4: ">i", 8: ">q"}
_FLOATS = {4: ">f", 8: ">d"}
_V4, _V6 = 2, 3  # PGSQL_AF_INET and the number after it
_BASE = 10_000


@dataclass(frozen=True, slots=True)
class Codec:
    """`read` makes text of bytes; `write` makes bytes of text, like the bytes that came (size, cidr flag)."""

    read: Callable[[bytes], str]
    write: Callable[[str, bytes], bytes]


def _read_integer(raw: bytes) -> str:
    return str(struct.unpack(_format(_INTEGERS, raw), raw)[0])


def _write_integer(text: str, like: bytes) -> bytes:
    return struct.pack(_format(_INTEGERS, like), int(text))


def _read_float(raw: bytes) -> str:
    return repr(struct.unpack(_format(_FLOATS, raw), raw)[0])


def _write_float(text: str, like: bytes) -> bytes:
    return struct.pack(_format(_FLOATS, like), float(text))


def _format(formats: Mapping[int, str], raw: bytes) -> str:
    found = formats.get(len(raw))
    if found is None:
        raise ValueError("a number of no known size")
    return found


def _read_numeric(raw: bytes) -> str:
    """ndigits, weight, sign (0, 0x4000), display scale, digits of base 10000. NaN and infinities are refused."""
    count, weight, sign, scale = struct.unpack_from(">HhHH", raw)
    digits = struct.unpack_from(f">{count}H", raw, 8)
    if len(raw) != 8 + 2 * count or sign not in (0, 0x4000) or any(digit >= _BASE for digit in digits):
        raise ValueError("not a finite numeric")
    number = 0
    for digit in digits:
        number = number * _BASE + digit
    exponent = 4 * (weight - count + 1)
    units = number * 10 ** (exponent + scale) if exponent + scale >= 0 else number // 10 ** -(exponent + scale)
    return f"{Decimal((int(bool(sign)), Decimal(units).as_tuple().digits, -scale)):f}"


def _write_numeric(text: str, _like: bytes) -> bytes:
    sign, digits, exponent = Decimal(text).as_tuple()
    if not isinstance(exponent, int) or exponent > 0:
        raise ValueError("not a plain number")
    scale, number = -exponent, int("".join(map(str, digits)))
    fraction = -(-scale // 4)
    number *= 10 ** (4 * fraction - scale)
    parts: list[int] = []
    while number:
        number, part = divmod(number, _BASE)
        parts.insert(0, part)
    weight = len(parts) - fraction - 1
    while parts and not parts[-1]:
        parts.pop()
    head = struct.pack(">HhHH", len(parts), weight if parts else 0, 0x4000 if sign and parts else 0, scale)
    return head + struct.pack(f">{len(parts)}H", *parts)


def _read_date(raw: bytes) -> str:
    return date.fromordinal(_EPOCH + struct.unpack(">i", raw)[0]).isoformat()


def _write_date(text: str, _like: bytes) -> bytes:
    return struct.pack(">i", date.fromisoformat(text).toordinal() - _EPOCH)


def _read_moment(raw: bytes) -> str:
    moment = _MOMENT + timedelta(microseconds=struct.unpack(">q", raw)[0])
    return moment.replace(tzinfo=None).isoformat(" ")


def _read_moment_tz(raw: bytes) -> str:
    return f"{_read_moment(raw)}+00"


def _write_moment(text: str, _like: bytes) -> bytes:
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return struct.pack(">q", (moment - _MOMENT) // _MICROSECOND)


def _read_uuid(raw: bytes) -> str:
    return str(UUID(bytes=raw))


def _write_uuid(text: str, _like: bytes) -> bytes:
    return UUID(text).bytes


def _read_inet(raw: bytes) -> str:
    """Family, bits, is cidr, length, address."""
    family, bits, _cidr, length = raw[:4]
    if (family, length) not in ((_V4, 4), (_V6, 16)) or len(raw) != 4 + length:
        raise ValueError("not an address")
    host = ip_address(raw[4:])
    return str(host) if bits == host.max_prefixlen and not raw[2] else f"{host}/{bits}"


def _write_inet(text: str, like: bytes) -> bytes:
    host = ip_interface(text)
    family = _V4 if host.version == 4 else _V6
    return bytes((family, host.network.prefixlen, like[2], len(host.packed))) + host.packed


def _read_mac(raw: bytes) -> str:
    if len(raw) not in (6, 8):
        raise ValueError("not a MAC address")
    return raw.hex(":")


def _write_mac(text: str, _like: bytes) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _read_point(raw: bytes) -> str:
    x, y = struct.unpack(">dd", raw)
    return f"({x!r},{y!r})"


def _write_point(text: str, _like: bytes) -> bytes:
    x, y = text.strip("()").split(",")
    return struct.pack(">dd", float(x), float(y))


def _read_text(raw: bytes) -> str:
    return raw.decode()


def _write_text(text: str, _like: bytes) -> bytes:
    return text.encode()


TEXT = Codec(_read_text, _write_text)
_MOMENTS = Codec(_read_moment, _write_moment)


def _read_jsonb(raw: bytes) -> str:
    if raw[:1] != b"\x01":
        raise ValueError("a version of jsonb that is not known")
    return raw[1:].decode()


def _write_jsonb(text: str, _like: bytes) -> bytes:
    return b"\x01" + text.encode()


JSONB = Codec(_read_jsonb, _write_jsonb)

CODECS: Mapping[Family, Codec] = MappingProxyType(
    {
        Family.TEXT: TEXT,
        Family.JSON: TEXT,
        Family.INTEGER: Codec(_read_integer, _write_integer),
        Family.NUMERIC: Codec(_read_numeric, _write_numeric),
        Family.FLOAT: Codec(_read_float, _write_float),
        Family.DATE: Codec(_read_date, _write_date),
        Family.TIMESTAMP: _MOMENTS,
        Family.TIMESTAMPTZ: Codec(_read_moment_tz, _write_moment),
        Family.UUID: Codec(_read_uuid, _write_uuid),
        Family.INET: Codec(_read_inet, _write_inet),
        Family.MACADDR: Codec(_read_mac, _write_mac),
        Family.POINT: Codec(_read_point, _write_point),
    }
)
"""JSON is the type json; jsonb has a codec of its own."""


def codec_of(type_name: str, family: Family) -> Codec | None:
    """None: the type's binary format is not written here, so its values can only become NULL."""
    plain = type_name.strip().lower().removeprefix("pg_catalog.")
    if plain == "oid":  # unsigned
        return None
    return JSONB if plain == "jsonb" else CODECS.get(family)
