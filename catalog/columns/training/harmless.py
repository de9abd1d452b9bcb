"""Columns that hold nothing sensitive, look-alikes first; and prose and soft kinds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from catalog.columns.training.lookalikes import (
    HEXES,
    SOFT,
    STATES,
    THINGS,
    TRAITS,
    after,
    between,
    branded,
    code_name,
    config_address,
    counter,
    few,
    host,
    log,
    login,
    number,
    numbered,
    path,
    product,
    prose,
    time,
    venue,
    version,
)
from catalog.columns.training.sensitive import (
    DATE_WRITINGS,
    Kind,
    coordinate,
    dates,
    one_of,
    patterns,
    pooled,
    ssn,
    words,
)

HARMLESS: Mapping[str, tuple[str, Kind]] = MappingProxyType(
    {
        "serial_id": ("CLEAN", one_of(counter, counter, between((1, 5e4, 0), (1e9, 4e9, 0)))),
        "ident": (
            "CLEAN",
            one_of(
                between((1, 99999, 0), (10000, 99999, 0), (1000, 9999, 0), (1, 5000, 0), (1e5, 1e6, 0), (1e6, 1e8, 0)),
                patterns("#{5}|#{5}|#{6}|#{4}|#{3}|#{7}|#{8}|#{9}|#{10}|&{6}|A#{5}|AA#{4}|#{4}/#{4}|#{3}-#{4}|&{9}"),
                counter,
            ),
        ),
        "uuid": ("CLEAN", patterns("XXXXXXXX-XXXX-4XXX-8XXX-XXXXXXXXXXXX")),
        "buildno": (
            "CLEAN",
            patterns("#{10}|9#{9}|20########|#{9}|#{11}|#{12}|#{8}|#{7}|1#{9}|4#{9}|17#{8}|17#{11}|#{6}|#{13}"),
        ),
        "orderno": (
            "CLEAN",
            patterns(
                "#{10}|ORD-#{6}|#{8}|A#{7}|AA#{8}|INV-20##-#####|SO#{7}|###-#######-#######|#{12}|#{9}|PO#{6}|&{8}|"
                "&{6}|R-#{4}-#{4}|9##-###-####|9##.###.####|0### ######"
            ),
        ),
        "parcel": (
            "CLEAN",
            one_of(
                after("00", "#{15}"),
                after("4", "#{14}"),
                after("35", "#{12}"),
                after("5", "#{14}"),
                after("89", "#{16}"),
                patterns("1Z&{16}|AA#{9}DE|JD#{18}|#{12}|#{14}|#{20}|AAAU#{7}"),
            ),
        ),
        "sku": (
            "CLEAN",
            one_of(
                ssn,
                patterns(
                    "###-##-####|A##.#|A########|AA#######|AAA-####-AA|A-####|#{5}|#{6}|AA-##-&&&|######-##|A##|"
                    "#{13}|#{8}|###.###.##|978#{10}|AA######|A#######|WH-##-##|#{4}|##-###|AA## #AA|### ###"
                ),
            ),
        ),
        "vatno": (
            "CLEAN",
            patterns("DE#{9}|FR##&{9}|GB#{9}|\\ATU#{8}|AAAA&&AA|AAAADE&&&&&|AA##&{14}|#{6}|4###|#{4}00|CC-####"),
        ),
        "digest": ("CLEAN", patterns(HEXES)),
        "version": ("CLEAN", version),
        "bindip": ("CLEAN", config_address),
        "host": ("CLEAN", host),
        "codename": ("CLEAN", code_name),
        "firm": ("CLEAN", one_of(pooled("firms"), pooled("firms"), branded, branded)),
        "product": ("CLEAN", product),
        "thingname": ("CLEAN", one_of(pooled("full"), branded, product, pooled("cities"), pooled("family"))),
        "thing": (
            "CLEAN",
            one_of(
                product,
                few(*STATES),
                branded,
                words(THINGS),
                words(TRAITS),
                pooled("words"),
                product,
                numbered,
            ),
        ),
        "place": (
            "CLEAN",
            one_of(
                host,
                pooled("cities"),
                venue,
                venue,
            ),
        ),
        "sitecoord": ("CLEAN", coordinate),
        "reading": (
            "CLEAN",
            one_of(between((0, 90, 2), (-20, 120, 4), (0, 1, 3), (0, 1, 6), (900, 1100, 1), (0, 5, 2), (-180, 180, 3))),
        ),
        "stamp": ("CLEAN", time),
        "day": (
            "CLEAN",
            one_of(
                dates(2015, 2027, DATE_WRITINGS),
                dates(2019, 2026, DATE_WRITINGS),
                dates(1900, 2026, DATE_WRITINGS),
                dates(1960, 2020, DATE_WRITINGS),
            ),
        ),
        "year": ("CLEAN", dates(1950, 2026, ("{y}",))),
        "money": ("CLEAN", between((0, 900, 2), (0, 90000, 2), (0, 9999, 0), (-500, 500, 2))),
        "count": (
            "CLEAN",
            between((0, 9, 0), (0, 100, 0), (0, 999, 0), (0, 9999, 0), (1e5, 1e9, 0), (100, 999, 0), (1000, 9999, 0)),
        ),
        "small": ("CLEAN", patterns("###|9##|####|4##|##|######|#####|9###")),
        "state": ("CLEAN", few(*STATES)),
        "flag": ("CLEAN", few("true|false", "t|f", "0|1", "Y|N", "yes|no")),
        "path": ("CLEAN", path),
        "logline": ("CLEAN", log),
        "cardtail": ("CLEAN", patterns("####|\\*\\*\\*\\* ####")),
        "prose": ("TEXT", prose),
        "town": ("SOFT", pooled("cities")),
        "land": ("SOFT", pooled("countries")),
        "login": ("SOFT", login),
        "salary": ("SOFT", between((20000, 150000, 0), (1500, 9000, 2))),
        "job": ("SOFT", pooled("jobs")),
        "trait": ("SOFT", few(*SOFT)),
        "age": ("SOFT", number(18, 90)),
    }
)
"""Kind → class and values."""
