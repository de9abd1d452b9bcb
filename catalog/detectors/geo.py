"""Coordinates of people; those of shops, stations and other places are public."""

from __future__ import annotations

import re
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.detectors.base import TEXTUAL, Detector, Kind, terms
from catalog.model import Label

_NUMBER = re.compile(r"-?\d{1,3}\.\d{1,20}", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,3}", re.ASCII)
_PAIR = re.compile(
    r"\(?-?\d{1,3}\.\d{2,20} ?, ?-?\d{1,3}\.\d{2,20}\)?|POINT ?\(.{3,60}\)|0101000020E6100000[0-9A-F]{32}"
)


def value(text: str) -> float:
    """.7 for a pair, a point or a coordinate of three and more decimals; .4 for a coarser number."""
    if _PAIR.fullmatch(text):
        return 0.7
    if not _NUMBER.fullmatch(text) or abs(float(text)) > 180:
        return 0.1 if _WHOLE.fullmatch(text) and abs(int(text)) <= 180 else 0.0
    return 0.7 if len(text.partition(".")[2]) >= 3 else 0.4


GEO = Detector(
    Label.GEO,
    terms(
        (0.9, "latitude longitude lat lon lng latlng latlon latlong coordinate coord geolocation"),
        (0.9, "geopoint gps gpslocation"),
        (0.9, "gpslat gpslon gpslng geolat geolng geolon breitengrad laengengrad langengrad latitud"),
        (0.9, "longitud latitudine"),
        (0.9, "longitudine homelocation lastlocation longi lati 緯度 経度 纬度 经度 широта долгота"),
        (0.6, "geo geom position point location long"),
    ),
    value,
    families=TEXTUAL | {Family.NUMERIC, Family.FLOAT, Family.POINT},
    context=MappingProxyType({Kind.PLACE: -1.0, Kind.INFRASTRUCTURE: -1.0}),
)
