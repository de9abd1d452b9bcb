"""Prose with known names and addresses: templates filled with people, places and firms of many countries."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

from faker import Faker

from catalog.model import Label
from catalog.prose.lexicon import common_words
from catalog.prose.tagger import TITLE
from catalog.prose.training.things import NATIONS, PLACES, firm

LOCALES: Mapping[str, tuple[str, ...]] = {
    "en": ("en_US", "en_GB", "en_IN", "en_US", "en_CA", "en_AU", "en_IE"),
    "de": ("de_DE", "de_CH", "de_AT"),
    "fr": ("fr_FR", "fr_CA"),
    "es": ("es_ES", "es_AR", "es_MX"),
    "it": ("it_IT",),
    "pt": ("pt_BR", "pt_PT"),
    "nl": ("nl_NL",),
    "pl": ("pl_PL",),
    "sv": ("sv_SE",),
    "tr": ("tr_TR",),
    "cs": ("cs_CZ", "sk_SK"),
    "no": ("no_NO",),
    "ro": ("ro_RO",),
}
FURTHER = ("hr_HR", "sl_SI", "lt_LT", "lv_LV", "et_EE", "id_ID", "zu_ZA", "yo_NG", "az_AZ", "sq_AL", "ru_RU", "el_GR")
"""Countries whose people turn up in any language, and whose own language the sentences are not in."""
RAMBLING = 0.4  # share of sentences that are words at random around people, places and firms
TITLED, SHOUTED = 0.06, 0.03  # share of sentences in Title Case and in capitals
_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w{1,8})\}")
_SYLLABLES_TEXT = """
ka lo mi ra ten dor vi sha gu pel ban ori zu ne chi wa mar sol ti jo bek ul an er in os ad
"""
_SYLLABLES = tuple(_SYLLABLES_TEXT.split())
_PRODUCTS_TEXT = """
Windows Linux Chrome Excel Outlook Teams Slack Jira Kafka Redis Postgres Docker Kubernetes Terraform Android
Photoshop Salesforce Shopify GitHub Jenkins Nginx Python Galaxy Pixel ThinkPad PlayStation Corolla Golf Tesla
Netflix Spotify WhatsApp Zoom Stripe Grafana Prometheus Oracle Hadoop Spark Airflow Tableau Figma Notion Ubuntu
Firefox Safari
"""
_PRODUCTS = tuple(_PRODUCTS_TEXT.split())
_WORDS = sorted(common_words())
_EXPLAINED = {
    "email": Label.EMAIL,
    "phone": Label.PHONE,
    "dob": Label.DOB,
    "ssn": Label.SSN,
    "card": Label.CREDIT_CARD,
}
"""Slots that are sensitive, but found by rules: the tagger does not learn them."""
_DEPARTMENTS = [
    "Sales",
    "Marketing",
    "Finance",
    "Legal",
    "Human Resources",
    "Engineering",
    "Support",
    "Procurement",
    "Operations",
    "IT",
]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_LANGUAGES = ["English", "German", "French", "Spanish", "Polish", "Turkish", "Hindi", "Arabic", "Dutch", "Portuguese"]


_FORMS_TEXT = """
{f} {l};{f} {l};{f} {l};{f} {l};{f} {l};{f};{f};{f};{l};{l};{i}. {l};{f} {m}. {l};{l}, {f};{i}.{m}. {l};{i}{m} {l}
"""
_FORMS = tuple(_FORMS_TEXT.strip().split(";"))
"""How a person may be written."""
_PARTICLES = ("van ", "van der ", "de ", "de la ", "von ", "di ", "O'", "Mc", "al-", "bin ", "El ", "St. ", "D'", "Le ")


@dataclass(frozen=True, slots=True)
class Sample:
    """A text and its labelled spans."""

    text: str
    spans: tuple[tuple[int, int, Label], ...]


@dataclass(slots=True)
class Source:
    """Draws what fills the slots, from one random generator and the countries of `locales`."""

    draw: random.Random
    fakers: Mapping[str, Faker]
    invented: float = 0.15

    def faker(self, locales: tuple[str, ...]) -> Faker:
        return self.fakers[self.draw.choice(locales)]


def source(seed: int, locales: Mapping[str, tuple[str, ...]] = LOCALES, further: tuple[str, ...] = ()) -> Source:
    fakers = {}
    for number, locale in enumerate(sorted({each for several in locales.values() for each in several} | {*further})):
        fakers[locale] = Faker(locale, use_weighting=False)
        fakers[locale].seed_instance(seed * 1000 + number)
    return Source(random.Random(seed), fakers)


def templates(path: Path | None = None) -> list[tuple[str, str]]:
    """(language, template) of every line; of the two files beside this one when no other is named."""
    folder = files("catalog.prose.training")
    language, found = "en", []
    for place in (path,) if path else (folder / "templates.txt", folder / "documents.txt"):
        for line in place.read_text("utf-8").splitlines():
            if line.startswith("= "):
                language = line[2:].strip()
            elif line and not line.startswith("# "):
                found.append((language, line.replace("¶", "\n")))
    return found


def samples(
    count: int,
    source: Source,
    *,
    lines: list[tuple[str, str]],
    locales: Mapping[str, tuple[str, ...]],
    rambling: float = RAMBLING,
) -> Iterator[Sample]:
    """Texts of one to three sentences."""
    every = tuple(sorted(source.fakers))
    by_language: dict[str, list[str]] = {}
    for spoken, line in lines:
        by_language.setdefault(spoken, []).append(line)
    for _ in range(count):
        language, _line = source.draw.choice(lines)
        same = by_language[language]
        parts = []
        for _sentence in range(source.draw.choice((1, 1, 1, 2, 2, 3))):
            own = locales.get(language, every) if source.draw.random() < 0.7 else every
            line = _rambling(source.draw) if source.draw.random() < rambling else source.draw.choice(same)
            parts.append(_styled(_filled(line, source, own), source.draw))
        yield _joined(parts, source.draw.choice((" ", " ", "\n")))


def _joined(parts: list[Sample], gap: str) -> Sample:
    text, spans = "", []
    for part in parts:
        lead = len(text) + (len(gap) if text else 0)
        text = text + gap + part.text if text else part.text
        spans += [(start + lead, end + lead, label) for start, end, label in part.spans]
    return Sample(text, tuple(spans))


def _rambling(draw: random.Random) -> str:
    """Common words in any order with things among them: what a name looks like when nothing around it tells."""
    words = [
        word.capitalize() if draw.random() < 0.06 else word for word in draw.choices(_WORDS, k=draw.randint(4, 14))
    ]
    for _ in range(draw.choice((0, 1, 1, 2))):
        slot = draw.choice(
            ("p", "p", "p", "p", "f", "f", "l", "org", "place", "country", "product", "month", "n", "id", "dept", "t")
        )
        words.insert(draw.randint(0, len(words)), "{" + slot + "}" + draw.choice(("", "", "", ",")))
    if not words[0].startswith("{"):
        words[0] = words[0].capitalize()
    return " ".join(words) + draw.choice((".", ".", "", "?", "!"))


def _styled(sample: Sample, draw: random.Random) -> Sample:
    chance = draw.random()
    if chance > TITLED + SHOUTED:
        return sample
    text = sample.text.title() if chance < TITLED else sample.text.upper()
    return Sample(text, sample.spans) if len(text) == len(sample.text) else sample


def _filled(template: str, source: Source, locales: tuple[str, ...]) -> Sample:
    while "(" in template:
        template = _CHOICE.sub(lambda found: source.draw.choice(found[1].split("|")), template)
    text, spans, last = "", [], 0
    for found in _SLOT.finditer(template):
        text += template[last : found.start()]
        value, label = _value(found[1], source, locales)
        if label:
            title = TITLE.match(value) if label is Label.PERSON else None
            spans.append((len(text) + (title.end() if title else 0), len(text) + len(value), label))
        text, last = text + value, found.end()
    return Sample(text + template[last:], tuple(spans))


def _value(slot: str, source: Source, locales: tuple[str, ...]) -> tuple[str, Label | None]:
    faker = source.faker(locales)
    if slot in ("p", "f", "l", "t", "g"):
        return _person(slot, source, faker), Label.PERSON
    if slot == "a":
        return _address(source, faker), Label.ADDRESS
    return _PLAIN[slot](source.draw, faker), _EXPLAINED.get(slot)


def _person(slot: str, source: Source, faker: Faker) -> str:
    draw = source.draw
    first, last = _given(source, faker), _family(source, faker)
    title = draw.choice(("Dr.", "Mr.", "Mrs.", "Ms.", "Dr", "Mr", "Prof."))
    forms = {"f": first, "l": last, "t": f"{title} {last}", "g": f"{first} {last}"}
    name = forms.get(slot) or draw.choice(_FORMS).format(f=first, l=last, i=first[0], m=draw.choice("ABCDEGHJKLMRST"))
    if slot in "pg" and draw.random() < 0.07:
        name = f"{first} {_given(source, faker)} {last}"
    if draw.random() < 0.05:
        return name.lower()
    return name.upper() if draw.random() < 0.04 else name


def _given(source: Source, faker: Faker) -> str:
    return _invented(source) if source.draw.random() < source.invented else str(faker.first_name())


def _family(source: Source, faker: Faker) -> str:
    draw = source.draw
    name = _invented(source) if draw.random() < source.invented else str(faker.last_name())
    chance = draw.random()
    if chance < 0.03:
        return f"{name}-{faker.last_name()}"
    return f"{draw.choice(_PARTICLES)}{name}" if chance < 0.07 else name


def _moment(draw: random.Random) -> datetime:
    """Faker's own dates end today, and today changes."""
    return datetime(1940, 1, 1) + timedelta(seconds=draw.randrange(85 * 365 * 86_400))


def _invented(source: Source) -> str:
    return "".join(source.draw.choices(_SYLLABLES, k=source.draw.choice((2, 2, 3)))).capitalize()


def _address(source: Source, faker: Faker) -> str:
    draw = source.draw
    if draw.random() < 0.5:
        return str(faker.street_address()).replace("\n", ", ")
    return str(faker.address()).replace("\n", draw.choice((", ", ", ", " ", "\n")))


_PLAIN: Mapping[str, Callable[[random.Random, Faker], str]] = {
    "city": lambda draw, faker: str(faker.city()),
    "country": lambda draw, faker: str(faker.country()),
    "co": lambda draw, faker: str(faker.company()),
    "product": lambda draw, faker: draw.choice(_PRODUCTS),
    "org": lambda draw, faker: firm(draw, str(faker.company())),
    "place": lambda draw, faker: draw.choice((str(faker.city()), str(faker.country()), draw.choice(PLACES))),
    "nat": lambda draw, _faker: draw.choice(NATIONS),
    "ssn": lambda draw, _faker: f"{draw.randint(100, 665)}-{draw.randint(10, 99)}-{draw.randint(1000, 9999)}",
    "card": lambda draw, _faker: f"4{draw.randrange(10**14, 10**15)}",
    "job": lambda draw, faker: str(faker.job()),
    "dept": lambda draw, faker: draw.choice(_DEPARTMENTS),
    "month": lambda draw, faker: draw.choice(_MONTHS),
    "day": lambda draw, faker: draw.choice(_DAYS),
    "date": lambda draw, _faker: _moment(draw).strftime(
        draw.choice(("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%B %d, %Y", "%d %b %Y"))
    ),
    "dob": lambda draw, _faker: _moment(draw).strftime(draw.choice(("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%B %d, %Y"))),
    "time": lambda draw, _faker: _moment(draw).strftime(draw.choice(("%H:%M", "%H:%M:%S", "%I:%M %p"))),
    "n": lambda draw, faker: str(draw.randint(1, 10 ** draw.randint(1, 8))),
    "id": lambda draw, faker: (
        draw.choice("ABCDEFKXZ") + draw.choice("ABCDEFKXZ") + draw.choice(("-", "", "_")) + str(draw.randint(10, 99999))
    ),
    "ip": lambda draw, faker: faker.ipv4(),
    "email": lambda draw, faker: str(faker.email()),
    "phone": lambda draw, faker: str(faker.phone_number()),
    "amount": lambda draw, faker: draw.choice(("$", "€", "EUR ", "USD ", "£")) + str(draw.randint(5, 90000)),
    "lang": lambda draw, faker: draw.choice(_LANGUAGES),
    "word": lambda draw, faker: str(faker.word()).capitalize() if draw.random() < 0.3 else str(faker.word()),
}
