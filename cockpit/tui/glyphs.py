"""Three sets of shapes, for three kinds of terminal.

``unicode`` is the beautiful one. Its blocks, lines and triangles are two cells wide in terminals set to
"ambiguous = wide" (common in East Asia): ``safe`` uses only shapes that are one cell wide everywhere.
``ascii`` is for the rest.
"""

from __future__ import annotations

import msgspec


class Glyphs(msgspec.Struct, frozen=True):
    """Every shape the screen draws with."""

    name: str
    up: str
    down: str
    flat: str
    dot: str
    """Fine, in words beside it."""
    ring: str
    """Not there, in words beside it."""
    warn: str
    alarm: str
    own: str
    """Marks our own orders and fills."""
    cursor: str
    bar: str
    """Eighths of a horizontal bar, thinnest first; the last fills the cell."""
    column: str
    """Eighths of a vertical bar, lowest first."""
    full: str
    upper: str
    lower: str
    wick: str
    wick_upper: str
    wick_lower: str
    hollow: str
    hollow_upper: str
    hollow_lower: str
    line: str
    """A price level across the chart."""
    cross: str
    """The upright line of the crosshair."""
    curve: str
    """A curve among the candles, by quarters of a cell, highest first."""
    gauge_on: str
    gauge_off: str
    hidden: str
    """Stands for money that is not shown."""
    more: str
    sep: str
    times: str
    box: str
    """Corners and edges: top left, top right, bottom left, bottom right, horizontal, vertical."""
    box_focus: str
    title_left: str
    title_right: str
    branch: str
    """Before what follows from the line above."""


UNICODE = Glyphs(
    name="unicode",
    up="▲",
    down="▼",
    flat="·",
    dot="●",
    ring="○",
    warn="!",
    alarm="■",
    own="◆",
    cursor="›",
    bar="▏▎▍▌▋▊▉█",
    column="▁▂▃▄▅▆▇█",
    full="█",
    upper="▀",
    lower="▄",
    wick="│",
    wick_upper="╵",
    wick_lower="╷",
    hollow="┃",
    hollow_upper="╹",
    hollow_lower="╻",
    line="┈",
    cross="┊",
    curve="⠉⠒⠤⣀",
    gauge_on="▮",
    gauge_off="▯",
    hidden="•",
    more="…",
    sep="·",
    times="×",
    box="╭╮╰╯─│",
    box_focus="┏┓┗┛━┃",
    title_left="╴",
    title_right="╶",
    branch="└─",
)

SAFE = Glyphs(
    name="safe",
    up="^",
    down="v",
    flat=".",
    dot="+",
    ring="o",
    warn="!",
    alarm="#",
    own="*",
    cursor=">",
    bar="⡇⣿",
    column="⣀⣤⣶⣿",
    full="⣿",
    upper="⠛",
    lower="⣤",
    wick="⡇",
    wick_upper="⠃",
    wick_lower="⡄",
    hollow="⣇",
    hollow_upper="⠋",
    hollow_lower="⣄",
    line="⠒",
    cross="⡇",
    curve="⠉⠒⠤⣀",
    gauge_on="▮",
    gauge_off="▯",
    hidden="*",
    more="~",
    sep="|",
    times="x",
    box="++++-|",
    box_focus="####=#",
    title_left=" ",
    title_right=" ",
    branch="+-",
)

ASCII = Glyphs(
    name="ascii",
    up="^",
    down="v",
    flat=".",
    dot="+",
    ring="o",
    warn="!",
    alarm="#",
    own="*",
    cursor=">",
    bar="=",
    column=".:#",
    full="#",
    upper='"',
    lower="_",
    wick="|",
    wick_upper="'",
    wick_lower=",",
    hollow="H",
    hollow_upper="Y",
    hollow_lower="A",
    line="-",
    cross=":",
    curve='"--_',
    gauge_on="#",
    gauge_off=".",
    hidden="*",
    more="~",
    sep="|",
    times="x",
    box="++++-|",
    box_focus="####=#",
    title_left=" ",
    title_right=" ",
    branch="+-",
)

SETS: dict[str, Glyphs] = {glyphs.name: glyphs for glyphs in (UNICODE, SAFE, ASCII)}
