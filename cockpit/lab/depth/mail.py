"""Requests of ours on their way to the venue, and its reports on their way to us: ``matching.world.Lane``."""

from __future__ import annotations

from typing import Any

from cockpit.lab.compiled.reasons import CROWDED, refuse
from cockpit.lab.depth.records import FAR
from cockpit.lab.depth.stretch import drawn
from cockpit.lab.depth.tickets import MAIL

THERE, BACK = 0, 1


def arrival(d: Any, way: int, ts: int) -> int:
    """When a letter sent at ``ts`` arrives: each takes its own time, none overtakes another."""
    lane = d.lane[way]
    delay = lane.base
    if lane.kind == 1:
        delay += drawn(lane.seed, lane.sent, lane.spread + 1)
    lane.sent += 1
    lane.last = max(lane.last, ts + delay)
    return int(lane.last)


def write(d: Any, way: int, at: int, no: int, what: int, side: int, number: int, arg: int) -> None:
    """A letter joins its ring."""
    lane = d.lane[way]
    if lane.end - lane.first == MAIL:
        refuse(d.m, CROWDED, d.m.now)
    letter = d.letters[way * MAIL + lane.end % MAIL]
    lane.end += 1
    letter.at = at
    letter.no = no
    letter.what = what
    letter.side = side
    letter.number = number
    letter.arg = arg
    follow(d)


def send(d: Any, what: int, side: int) -> None:
    """A request of ours leaves."""
    order = d.o[side]
    write(d, THERE, arrival(d, THERE, d.m.now), 0, what, side, order.number, order.created)


def tell(d: Any, ts: int, what: int, side: int, number: int, arg: int) -> None:
    """The venue reports."""
    d.m.count += 1
    d.m.told = 1
    write(d, BACK, arrival(d, BACK, ts), d.m.count, what, side, number, arg)


def follow(d: Any) -> None:
    """When the next letters arrive."""
    m, there, back = d.m, d.lane[THERE], d.lane[BACK]
    m.out = d.letters[there.first % MAIL].at if there.first < there.end else FAR
    m.back = d.letters[MAIL + back.first % MAIL].at if back.first < back.end else FAR
    m.back_no = d.letters[MAIL + back.first % MAIL].no
    m.flying = int(m.out < FAR or m.back < FAR)
