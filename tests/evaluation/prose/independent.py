"""Figures on notes of another generator: people written down by hand, sentences composed by rules of their own.

Nothing was tuned on these. The sentences and countries of `measure` are for development.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from catalog.model import Label
from catalog.prose.training.generate import Sample
from tests.evaluation.prose.measure import Score, measure

SEED = 2718
COUNT = 600
_GIVEN_TEXT = """
Abimbola Aiko Alasdair Amara Anneliese Anselm Aoife Araceli Arjun Astrid Ayse Bartek Beatrix Bogdan Bronwyn Cedric
Chiara Cosima Dagny Delphine Dmitri Eamon Ebba Edwina Eleni Emeka Enrique Farah Fenna Fergus Gareth Giorgos Gudrun Hamza
Hedda Hiroshi Ignacio Ines Ingrid Ishaan Ivana Jadwiga Jean-Luc Joaquim Jorge Kamala Kasimir Keiko Kwame Lakshmi Leif
Linnea Lorcan Magda Mahmoud Malik Marisol Mateusz Meera Milan Nadia Nils Noor Odile Olga Orla Oscar Padma Pascal Petra
Priya Quentin Radek Rafael Ravi Renata Rhys Rosalind Saoirse Selma Shanelle Sigrid Stefan Suresh Tamara Tariq Thandiwe
Ulrike Uwe Valentina Vikram Wanda Wei Xavier Yannick Yusuf Zainab Zoltan Sarah James Robert Linda Kevin Emily
"""
_FAMILY_TEXT = """
Abernathy Adeyemi Almeida Andersson Aslan Bakker Bianchi Blackwood Borg Brannigan Castellanos Chaudhry Cieslak Dimitrov
Drummond Duarte Eriksen Esposito Faulkner Fitzgerald Fontaine Gallagher Georgiou Grabowski Haddad Hashimoto Herrera
Hofstadter Ibrahim Ivanova Jankowski Johansson Kapoor Kaufmann Kowalczyk Kuznetsov Lefebvre Lindqvist MacLeod Marchetti
Mbeki Moreau Nakamura Ndiaye Novak O'Malley Obi Okonkwo Oyelaran Papadopoulos Pereira Petrov Quigley Ramaswamy Reyes
Rosenthal Rousseau Sandoval Santoro Schreiber Sharma Silva Sorensen Takahashi Thornbury Ueda Vasquez Verhoeven Vlasic
Wainwright Weiss Wojcik Yamamoto Yildiz Zhang Zielinski Smith Miller Hughes Bennett Coleman Foster
"""
_GIVEN, _FAMILY = _GIVEN_TEXT.split(), _FAMILY_TEXT.split()
_STREETS = (
    "Harrow Lane",
    "Elm Street",
    "Kingsway Avenue",
    "Mill Road",
    "Orchard Drive",
    "Bellevue Terrace",
    "Quay Street",
)
_TOWNS = ("Leeds", "Galway", "Tulsa", "Graz", "Lyon", "Porto", "Bergen", "Utrecht", "Fresno", "Halifax")
_MONTHS = ("January", "March", "April", "June", "August", "October", "December")
_CLEAN = (
    "The quarterly Review was postponed because the Auditors asked for more Evidence.",
    "Nobody at Lufthansa answered, so the claim went back to the Claims Desk.",
    "Restart the Gateway before you run the Migration on the Staging cluster.",
    "Blood pressure 132/84, continue Ramipril 5 mg, repeat labs in two weeks.",
    "Our supplier in Rotterdam raised prices by 4 percent since January.",
    "Version 7.12.3 fixes the memory leak that Firefox users reported in May.",
    "Please read the Code of Conduct and sign the Non Disclosure Agreement.",
    "Flight LH 454 leaves Frankfurt at 10:05, Terminal 1, Gate B44.",
    "Case 20394 was merged into case 20388, see the Knowledge Base.",
    "The Grand Hotel refunded the deposit of 250 EUR on invoice 778120.",
    "Monday is a holiday in Portugal, Customer Care is closed.",
    "MRI shows no change; Parkinson medication well tolerated.",
)


class _Note:
    """A note as it is written, with the places of what is sensitive."""

    def __init__(self, draw: random.Random) -> None:
        self.draw, self.text, self.spans = draw, "", list[tuple[int, int, Label]]()

    def say(self, *pieces: str | tuple[str, Label]) -> None:
        for piece in pieces:
            words, label = piece if isinstance(piece, tuple) else (piece, None)
            if label:
                self.spans.append((len(self.text), len(self.text) + len(words), label))
            self.text += words

    def given(self) -> tuple[str, Label]:
        return self.draw.choice(_GIVEN), Label.PERSON

    def family(self) -> tuple[str, Label]:
        return self.draw.choice(_FAMILY), Label.PERSON

    def full(self) -> tuple[str, Label]:
        return f"{self.draw.choice(_GIVEN)} {self.draw.choice(_FAMILY)}", Label.PERSON

    def born(self) -> tuple[str, Label]:
        day, month, year = self.draw.randint(1, 28), self.draw.randint(1, 12), self.draw.randint(1938, 2006)
        forms = (
            f"{day:02}/{month:02}/{year}",
            f"{year}-{month:02}-{day:02}",
            f"{day} {self.draw.choice(_MONTHS)} {year}",
        )
        return self.draw.choice(forms), Label.DOB

    def phone(self) -> tuple[str, Label]:
        line = self.draw.randint(100, 999), self.draw.randint(1000, 9999)
        forms = (
            f"+44 20 7946 {line[1]}",
            f"(617) 555-{line[1]}",
            f"0171 {line[0]}{line[1]}",
            f"212-{line[0]}-{line[1]}",
        )
        return self.draw.choice(forms), Label.PHONE

    def street(self) -> tuple[str, Label]:
        where = f"{self.draw.randint(2, 240)} {self.draw.choice(_STREETS)}, {self.draw.choice(_TOWNS)}"
        return where, Label.ADDRESS

    def mail(self) -> tuple[str, Label]:
        return f"{self.draw.choice(_GIVEN).lower()}.{self.draw.choice(_FAMILY).lower()}@mail.example", Label.EMAIL

    def number(self) -> str:
        return str(self.draw.randint(10**6, 10**8))


def _clinic(note: _Note) -> None:
    name = note.family()
    note.say("Ward round: Mrs ", name, " slept badly. Son ", note.given(), " visited, ")
    note.say("DOB ", note.born(), ", discharge to ", note.street(), " planned.")


def _support(note: _Note) -> None:
    note.say(note.given(), " rang about parcel ", note.number(), " - wants it left with neighbour ", note.full(), ". ")
    note.say("Best number is ", note.phone(), " after six.")


def _bank(note: _Note) -> None:
    note.say("Verified caller ", note.full(), " by date of birth ", note.born(), "; new address ", note.street())
    note.say(". Raised ticket ", note.number(), " for Disputes.")


def _chat(note: _Note) -> None:
    one, two = note.given(), note.given()
    note.say(one, ": did the Finance team pay ", note.full(), "?\n", two, ": asking ", note.family(), " now\n")
    note.say(one, ": mail them at ", note.mail())


def _people(note: _Note) -> None:
    note.say("Exit interview with ", note.full(), " held by ", note.full(), ". ", note.given(), " will relocate to ")
    note.say("Bergen and hand over to ", note.family(), " before October.")


def _law(note: _Note) -> None:
    note.say("Landlord ", note.full(), " alleges that ", note.family(), " and ", note.family(), " left ", note.street())
    note.say(" without notice; counsel is Ms ", note.family(), ".")


def _thanks(note: _Note) -> None:
    note.say("Honestly the best visit ever, ", note.given(), " at reception and chef ", note.given(), " were superb. ")
    note.say("Hats off to ", note.full(), "!")


_KINDS: tuple[Callable[[_Note], None], ...] = (_clinic, _support, _bank, _chat, _people, _law, _thanks)


def texts(count: int = COUNT, seed: int = SEED) -> list[Sample]:
    """Notes of people and, one in three, notes of nobody."""
    draw, made = random.Random(seed), []
    for _ in range(count):
        note = _Note(draw)
        if draw.random() < 0.33:
            note.say(" ".join(draw.sample(_CLEAN, 2)))
        else:
            draw.choice(_KINDS)(note)
        made.append(Sample(note.text, tuple(note.spans)))
    return made


def figures(count: int = COUNT, seed: int = SEED) -> Score:
    return measure(texts(count, seed))


if __name__ == "__main__":
    print(figures())
