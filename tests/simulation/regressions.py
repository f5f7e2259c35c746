"""Seeds that once showed a real bug, and what it was. They run first, for ever.

A seed is a schedule: changes elsewhere move what it meets, so the list keeps the story beside the number.
"""

REGRESSIONS: dict[int, str] = {
    0: "a post-only quote that crossed was placed again every round trip",
    1: "a hand trade's fill on its way while the opening balance was adopted: its fee counted twice (I09)",
    3: "a stop of the old position, UNKNOWN, fired after the entry on its side: twice the wish (I04)",
    6: "on the way from long to short the short's stop was put on the long and fired at once (I04)",
    7: "fills heard late split cash and cost differently; entries stopped for good (I09)",
    11: "a partly filled quote was shown again in full before its fill was heard (I04, a probe's fault)",
    13: "a stop sized for a moment of a flip stayed and fired beside the entry (I04)",
    22: "six refusals during a maintenance window benched a sleeve for good",
    23: "two stops without reduce-only fired during a replacement: the position turned round (I04)",
    24: "a Query overtook the Place it asked about; 'not found', then the order arrived: an orphan (I10)",
    33: "a strategy's own tag 'quote' made its flatten order look like a quote: sent twice (I04)",
    35: "reconciliation compared bare cash, which depends on the order of fills (I02)",
    50: "a flatten was confirmed while sleeves cancelled each other out with exits in flight (I03)",
    111: "an exit and a new stop for the whole position closed more than there was (I04)",
    119: "the back-off of refused entries held back exits for half a minute (I13)",
    131: "an UNKNOWN stop was joined by three more, none reduce-only; all fired (I04)",
    1041: "an exit's fill was lost; beside the silent market order an exit quote closed it all again (I04)",
    143: "as 33, met through a halt during a cut",
    3008: "a strategy saw the old tick until a restart, and decided otherwise after it (I13)",
    3021: "as 3008: seven decisions differed on replay (I13)",
    5006: "after a tick change a stop in force stood off the new grid and was refused for ever (I09, twice)",
    5012: "our own side's refusals counted with the venue's: one of those benched for good (I09, twice)",
    4000004: "512 market events on a full disk ended the process: the simulator's own store kept none (I15)",
    200547: "a link went down and up within a stall, and the simulator told up before down (its own fault)",
    7000016: "market rows refused by a full disk ended the simulator's process only (its own fault)",
    7000199: "slow strategies held the process for 6 s, then an entry left on what was known before (I12)",
    6088: "two power cuts and a failing fsync in a journal's first half second: no start any more (I13)",
    9000383: "others entered between an exit and the stop beside it; both closed, unbounded (I17)",
    9000270: "a trade by hand while a stop was under way let it close more; judged ours (its own fault)",
    8000305: "remainders of several sleeves after a coarser lot stayed open in a flatten (I03)",
    8000656: "a trade by hand and its liquidation overtaken by the first reading: counted twice (I09)",
    8000248: "a quiet restart took as long as the judge looked, and was judged unread (its own fault)",
    11001809: "a stranger's position was settled with its market, unheard by the judge (I21, its own fault)",
    11002108: "a quote with fills off a coarser lot was amended to a size that no venue takes (I18)",
    12001947: "a breaker of a dead process was held against the one after it (I27, its own fault)",
    12002763: "a stop cancelled by hand while the read-back of a receipt travelled (I08, its own fault)",
    13000920: "half a short was taken (ADL), unheard when a quote was decided; judged I04 (its own fault)",
    13002362: "as 12002763, by a change of the lot, which took the stop off (I08, its own fault)",
    13002967: "a halt was proven by an answer held up for 8 s; its stop was gone by then (I08)",
    17009056: "a reading asked for before a stop was cancelled by hand counted as later (its own fault)",
    17009970: "as 17009056 (its own fault)",
    17004758: "a quote was shown beside the old position's stop, whose cancel was lost; both sold (I04)",
    14001516: "an amend told twice, the second time late, made a quote look filled; it was shown again (I04)",
}

DYING: dict[int, str] = {
    219: "late answers to two first readings put a position into the books that was closed by then (I09)",
    1793: "an answer older than a transfer became the opening balance, another one proved it (I09)",
}
"""The same of ``crash_points.Dying`` on its harsher road, where nothing was left to die at."""
