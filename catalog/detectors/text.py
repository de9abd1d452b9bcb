"""Free text that may tell of people: prose under a prose-like name, or long strings with sensitive values inside."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.detectors.base import TEXTUAL, Detector, Kind, terms
from catalog.model import Label
from catalog.names import word_set

_ABOUT = "description descripcion beschreibung descrizione descricao omschrijving opis details detail summary text"


def value(text: str) -> float:
    """.7 for natural language: at least four words, mostly letters, or a run of a script without spaces."""
    if len(text) < 12:
        return 0.0
    letters = sum(char.isalpha() for char in text)
    words = text.split()
    if letters < 0.6 * len(text):
        return 0.2
    if len(words) >= 4 and any(word[0].islower() or not word[0].isascii() for word in words[1:]):
        return 0.7
    unspaced = sum(char > "\u3000" for char in text)
    return 0.7 if unspaced >= 12 else 0.1


TEXT = Detector(
    Label.TEXT,
    terms(
        (0.85, "body message messagebody msg msgbody notes note comment commentbody remark memo"),
        (0.85, "feedback bio biography"),
        (0.85, "aboutme transcript conversation chatmessage emailbody mailbody content freetext narrative reviewtext"),
        (0.85, "bemerkung notiz kommentar nachricht anmerkung freitext mensaje comentario"),
        (0.85, "observaciones nota commentaire"),
        (0.85, "remarque messaggio commento osservazioni mensagem opmerking bericht uwagi заметка"),
        (0.85, "комментарий 备注 コメント"),
        (0.85, "internalnote privatenote customernote supportnote complaint inquiry enquiry reply answer reason"),
        (0.85, "chat chatlog chattext calllog callnote postbody posttext questiontext transcription voicemail"),
        (0.7, _ABOUT),
        (0.25, "subject title instruction metadata payload"),
    ),
    value,
    families=TEXTUAL | {Family.XML},
    swayed=word_set(_ABOUT),
    context=MappingProxyType({Kind.THING: -0.5, Kind.INFRASTRUCTURE: -0.3}),
)
