"""Words by which a tool tells what it does: one list a kind of deed, in the form in which names use them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType


class Deed(Enum):
    """What a tool does, from harmless to grave; of several the gravest counts."""

    READ = 1
    WRITE = 2
    DELETE = 3
    FETCH = 4
    SEND = 5
    ADMINISTER = 6
    RUN = 7


_READ = """
get list read search find show view describe query count lookup look check status inspect summarize summarise explain
compare diff preview validate verify whoami ping echo info help history tail head grep glob ls cat stat select resolve
retrieve load peek browse lists gets reads returns shows finds searches retrieves describes counts checks computes
compute calculate add_numbers sum parse format convert translate encode decode
"""
_WRITE = """
create add update set edit write insert put patch append rename move copy save store modify change replace upsert merge
assign label tag comment reply close reopen open_issue archive restore mark link unlink draft import sync lock unlock
register record log schedule apply approve reject resolve_issue commit fork star creates adds updates sets edits writes
inserts modifies changes replaces saves stores appends renames moves overwrite overwrites
"""
_DELETE = """
delete remove drop purge clear destroy erase wipe truncate prune reset revert rollback unpublish uninstall discard
deletes removes drops purges clears destroys erases wipes truncates flush
"""
_FETCH = """
fetch crawl scrape navigate download visit goto screenshot wget curl fetches crawls scrapes downloads navigates
"""
_SEND = """
send post email mail message notify publish upload share tweet broadcast export forward invite webhook push transfer
submit pay call_webhook sms dm sends posts emails publishes uploads shares notifies exports forwards pays
"""
_ADMINISTER = """
grant revoke permission permissions role roles admin enable disable configure config setting settings secret secrets
password rotate impersonate sudo restart stop start scale drain cordon install upgrade provision deprovision grants
revokes configures enables disables deploy deploys rotates ban unban suspend
"""
_RUN = """
run exec execute eval evaluate shell bash sh command cmd script python javascript code terminal spawn launch invoke
trigger dispatch kubectl runs executes evaluates invokes launches
"""


def _table() -> Mapping[str, Deed]:
    lists = (_READ, _WRITE, _DELETE, _FETCH, _SEND, _ADMINISTER, _RUN)
    return MappingProxyType({word: deed for deed, text in zip(Deed, lists, strict=True) for word in text.split()})


DEEDS: Mapping[str, Deed] = _table()
_LOUD = """
delete remove drop purge destroy erase wipe truncate execute exec eval shell bash send upload publish write update
create insert overwrite replace revoke grant
"""
LOUD = frozenset(_LOUD.split())
"""Words that are hardly ever nouns: wherever they stand in a name, the tool may do it."""
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(name: str) -> list[str]:
    """`getUserByID`, `get-user.by_id` → get, user, by, id."""
    return [part.lower() for part in _PARTS.findall(name)]


def told(description: str) -> Iterator[str]:
    """Words by which a description says what is done: the first of the first sentence, and of the later ones those in
    the third person ("Sends…"), for others begin with advice ("Set…")."""
    for number, sentence in enumerate(re.split(r"[.!?:;\n]+", description[:4000])):
        found = re.match(r"\W*(?:it |this tool |also |then |and )*([A-Za-z]+)", sentence, re.IGNORECASE)
        word = found[1].lower() if found else ""
        if word and (number == 0 or (word.endswith("s") and word.removesuffix("s").removesuffix("e") in _STEMS)):
            yield word


_STEMS = frozenset(word.removesuffix("e") for word in DEEDS)
