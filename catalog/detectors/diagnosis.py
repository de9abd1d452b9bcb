"""Diagnoses and other facts of health: ICD-10 codes or words, told by name and a medical table."""

from __future__ import annotations

import re

from catalog.columntypes import Family
from catalog.detectors.base import TEXTUAL, Detector, Kind, terms
from catalog.model import Label

_ICD = re.compile(r"[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?(?: .{1,200})?", re.ASCII)


def value(text: str) -> float:
    if _ICD.fullmatch(text):
        return 0.7
    return 0.5 if len(text) >= 3 and any(char.isalpha() for char in text) else 0.1


DIAGNOSIS = Detector(
    Label.DIAGNOSIS,
    terms(
        (0.95, "diagnosis diagnose diagnosecode diagnosiscode diagnosticcode icd icd9 icd10 icdcode"),
        (0.95, "icd10code icd10cm dx dxcode"),
        (0.95, "primarydx diagnostico diagnostic diagnosi befund krankheit enfermedad maladie"),
        (0.95, "malattia doenca diagnoza"),
        (0.95, "medicalcondition medicalhistory healthcondition chiefcomplaint symptom allergy"),
        (0.95, "allergie allergies medication"),
        (0.95, "prescription comorbidity bloodtype hivstatus disability clinicalnote anamnese 診断 诊断 диагноз 진단"),
        (0.95, "bloodgroup blutgruppe gruposanguineo groupesanguin medicine medikament medicamento medicament therapy"),
        (0.25, "condition treatment finding complaint illness disease drug procedure assessment"),
    ),
    value,
    families=TEXTUAL | {Family.JSON},
    context={Kind.MEDICAL: 0.4, Kind.THING: -0.4, Kind.INFRASTRUCTURE: -0.4, Kind.ORGANISATION: -0.2},
)
