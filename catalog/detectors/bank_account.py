"""Domestic bank account numbers, told by the column's name."""

from __future__ import annotations

import re

from catalog.detectors.base import DIGITS, Detector, Kind, digits_of, terms
from catalog.model import Label

_SHAPE = re.compile(r"[A-Z0-9 ./-]{5,34}", re.ASCII | re.IGNORECASE)


def value(text: str) -> float:
    return 0.5 if _SHAPE.fullmatch(text) and len(digits_of(text)) >= 5 else 0.0


BANK_ACCOUNT = Detector(
    Label.BANK_ACCOUNT,
    terms(
        (0.95, "bankaccount bankaccountnumber bankaccountno bankacct bankacctno accountnumber"),
        (0.95, "acctnumber acctno acctnum"),
        (0.95, "accountno accountnum accountnr accnum accno bban kontonummer kontonr bankkonto"),
        (0.95, "cuentabancaria numerocuenta"),
        (0.95, "numcuenta comptebancaire numerocompte contobancario contacorrente numeroconto"),
        (0.95, "rekeningnummer bankgiro"),
        (0.95, "clabe 口座番号 银行账号 счет"),
        (0.95, "routingnumber routingno bankrouting bankroutingnumber abanumber bankleitzahl blz"),
        (0.7, "konto rib cuenta accountdetails sortcode"),
    ),
    value,
    families=DIGITS,
    context={Kind.INFRASTRUCTURE: -0.5},
)
