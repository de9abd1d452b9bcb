"""What the lexicon holds: names of the countries trained on and some more, never of those evaluated with; words.

`english.xz` is the small American list of SCOWL, small letters only; see `english.license` beside it.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files

from faker import Faker

from catalog.detectors.given_names import GIVEN_NAMES
from catalog.names import fold
from catalog.prose.lexicon import BITS, common_words, filled
from catalog.prose.training.generate import LOCALES

MORE_TEXT = """
en_AU en_NZ en_IE en_NG en_PK de_AT fr_BE es_MX es_CO es_CL pt_PT nl_BE id_ID fil_PH et_EE lt_LT lv_LV sk_SK sl_SI
zu_ZA ga_IE uz_UZ az_AZ yo_NG ha_NG cs_CZ hr_HR no_NO ro_RO sq_AL bs_BA lb_LU mt_MT
"""
MORE = MORE_TEXT.split()
SPOKEN = ("de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "cs_CZ")


def lexicon() -> bytes:
    """The filters of `catalog.prose.lexicon`, one behind the other."""
    locales = sorted({each for several in LOCALES.values() for each in several} | set(MORE))
    given, family = set(GIVEN_NAMES), set[str]()
    for locale in locales:
        given |= set(_words(locale, "first_names"))
        family |= set(_words(locale, "last_names"))
    common = {word for word in common_words() if len(word) < 4}
    lists = (given - common, family - common, english() | foreign())
    return b"".join(filled(sorted(words), bits) for words, bits in zip(lists, BITS, strict=True))


def english() -> set[str]:
    """Words of an English dictionary that are written small."""
    return set(lzma.decompress((files("catalog.prose.training") / "english.xz").read_bytes()).decode().split())


def foreign() -> set[str]:
    """Frequent words of other languages, as far as Faker has them."""
    words: set[str] = set()
    for locale in SPOKEN:
        for word in import_module(f"faker.providers.lorem.{locale}").Provider.word_list:
            words.add(fold(word).lower())
    return words


def _words(locale: str, kind: str) -> Iterator[str]:
    person = next(each for each in Faker(locale).get_providers() if type(each).__module__.split(".")[2] == "person")
    for name in dir(person):
        if name.startswith(kind) or (kind == "last_names" and name.startswith("last_name") and name != "last_name"):
            values = getattr(person, name)
            for value in values if not callable(values) else ():
                yield from (fold(word).lower() for word in str(value).replace("-", " ").split() if len(word) > 2)
