"""The names that the lexicon holds: of the countries trained on and some more, never of those evaluated with."""

from __future__ import annotations

from collections.abc import Iterator

from faker import Faker

from catalog.detectors.given_names import GIVEN_NAMES
from catalog.names import fold
from catalog.prose.lexicon import common_words, filled
from catalog.prose.training.generate import LOCALES

MORE_TEXT = """
en_AU en_NZ en_IE en_NG en_PK de_AT fr_BE es_MX es_CO es_CL pt_PT nl_BE id_ID fil_PH et_EE lt_LT lv_LV sk_SK sl_SI
zu_ZA ga_IE uz_UZ az_AZ yo_NG ha_NG cs_CZ hr_HR no_NO ro_RO sq_AL bs_BA lb_LU mt_MT
"""
MORE = MORE_TEXT.split()


def lexicon() -> bytes:
    """The filters of `catalog.prose.lexicon`, one behind the other."""
    locales = sorted({each for several in LOCALES.values() for each in several} | set(MORE))
    given, family = set(GIVEN_NAMES), set[str]()
    for locale in locales:
        given |= set(_words(locale, "first_names"))
        family |= set(_words(locale, "last_names"))
    common = {word for word in common_words() if len(word) < 4}
    return filled(sorted(given - common)) + filled(sorted(family - common))


def _words(locale: str, kind: str) -> Iterator[str]:
    person = next(each for each in Faker(locale).get_providers() if type(each).__module__.split(".")[2] == "person")
    for name in dir(person):
        if name.startswith(kind) or (kind == "last_names" and name.startswith("last_name") and name != "last_name"):
            values = getattr(person, name)
            for value in values if not callable(values) else ():
                yield from (fold(word).lower() for word in str(value).replace("-", " ").split() if len(word) > 2)
