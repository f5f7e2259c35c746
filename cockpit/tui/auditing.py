"""Page 8, the asking side: pages of decisions come over the door as they are looked at, never all at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.core.audit import KINDS, AuditRow, Wanted
from cockpit.core.frames import Answer
from cockpit.tui.aside import AuditSheet
from cockpit.tui.instants import instant

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

AHEAD = 200
"""Rows read beyond the cursor."""
MOST = 20_000
"""Rows kept; beyond that a filter is needed."""
NEWS_S = 1.0
REST_S = 0.3
"""How long a filter or the cursor must have rested before it is asked about."""
RETRY_S = 2.0
NAMES = {"sleeve": "sleeve", "symbol": "symbol", "market": "symbol", "cid": "cid"}
TIMES = ("since", "until")


def understood(needle: str, now: int) -> Wanted:
    """``sleeve:ema kind:gate,fill since:-2h words`` → what is wanted. Raises ValueError in words."""
    given: dict[str, Any] = {"words": ()}
    for word in needle.split():
        name, colon, value = word.partition(":")
        if not colon or name not in (*NAMES, *TIMES, "kind"):
            given["words"] += (word,)
        elif name == "kind":
            kinds = frozenset(filter(None, value.split(",")))
            given["kinds"] = frozenset(k for k in KINDS for part in kinds if k.startswith(part))
            if kinds and not given["kinds"]:
                raise ValueError(", ".join(KINDS))
        elif name in TIMES:
            given[name] = instant(value, now) if value else 0
        else:
            given[NAMES[name]] = value
    return Wanted(**given)


class Auditing:
    """Keeps the sheet that the audit panels draw."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self.sheet = AuditSheet()
        self._needle = ""
        self._rested = 0.0
        self._before = 0
        self._asked = ""
        """Id of the question that is under way."""
        self._refused = False
        """The filter means nothing: there is nothing to ask for."""
        self._news_at = 0.0
        self._retry_at = 0.0
        self._cursor = ("", 0.0)
        self._shown = ""
        """Key of the row whose chain is shown, or asked for."""

    def tick(self, now: float) -> None:
        """One look at what is missing. Called with each round while the page is shown."""
        view = self.app.desk.views["audit"]
        if view.needle != self._needle:
            self._needle, self._rested = view.needle, now + REST_S
        if self._rested and now >= self._rested:
            self._rested = 0.0
            self._begin()
        if self._asked or self._refused or now < self._retry_at or self._rested:
            return
        place = next((i for i, row in enumerate(self.sheet.rows) if row.key == view.cursor), 0)
        if not self.sheet.done and len(self.sheet.rows) < min(MOST, place + AHEAD):
            self._ask(before=self._before)
        elif now >= self._news_at:
            self._news_at = now + NEWS_S
            self._ask(after=self.sheet.rows[0].seq if self.sheet.rows else 0)
        self._follow(view.cursor, now)

    def begin(self) -> None:
        """Read anew: the filter or the moment that is looked at has changed."""
        self._begin()

    def _begin(self) -> None:
        frame = self.app.frame
        self.app.desk.views["audit"].top()
        try:
            wanted = understood(self._needle, frame.ts if frame else 0)
        except ValueError as error:
            words = self.app.look().say("audit.bad_filter", reason=error)
            self._refused = True
            self._put(rows=(), fault=words, done=True, reading=False)
            return
        self._refused = False
        self._before, self._asked = 0, ""
        self._put(rows=(), wanted=wanted, done=False, fault="", reading=True)

    def _put(self, **changes: object) -> None:
        self.sheet = msgspec.structs.replace(self.sheet, **changes)
        self.app.asides.changed(audit=self.sheet)

    # --- pages ----------------------------------------------------------------------------------------

    def _ask(self, before: int = 0, after: int = 0) -> None:
        args = self.bounded(self.sheet.wanted).plain()
        if before:
            args["before"] = str(before)
        if after:
            args["after"] = str(after)
        self._asked = self.app.link.send("audit", args)
        self.app.controls.planned[self._asked] = partial(self._answered, self._asked, after)

    def bounded(self, wanted: Wanted) -> Wanted:
        """While a past moment is shown, nothing later than it is."""
        past = self.app.past
        if not past.on or not past.shown.ts:
            return wanted
        until = min(filter(None, (wanted.until, past.shown.ts)))
        return msgspec.structs.replace(wanted, until=until)

    def _answered(self, asked: str, after: int, answer: Answer) -> None:
        if asked != self._asked:
            return  # the filter has changed meanwhile
        self._asked = ""
        if not answer.ok or answer.payload is None:
            self._retry_at = self.app.clock() + RETRY_S
            self._put(fault=self.app.look().news(answer.message_id, answer.args), reading=False)
            return
        rows = tuple(msgspec.convert(answer.payload["rows"], list[AuditRow]))
        if after:
            if rows:
                self._put(rows=(*rows, *self.sheet.rows), fault="")
            return
        self._before = int(answer.payload["before"])
        all_rows = (*self.sheet.rows, *rows)
        done = bool(answer.payload["done"]) or len(all_rows) >= MOST
        self._put(rows=all_rows, done=done, reading=not done and len(all_rows) < AHEAD, fault="")

    # --- the row under the cursor -----------------------------------------------------------------------

    def _follow(self, key: str, now: float) -> None:
        if key != self._cursor[0]:
            self._cursor = (key, now)
        if key and key != self._shown and now - self._cursor[1] >= REST_S:
            self.open(key)

    def enter(self) -> None:
        """Show what the row under the cursor comes from and led to, at once, and go there."""
        desk = self.app.desk
        if desk.desk.focused_panel == "chain":
            desk.go(desk.views["audit"])
            return
        self.open(desk.views["audit"].cursor)
        desk.go(desk.views["chain"])
        self.app.tick()

    def next_kind(self) -> None:
        """Only one kind of row, one after the other, then all again."""
        view = self.app.desk.views["audit"]
        words = [word for word in view.needle.split() if not word.startswith("kind:")]
        chosen = self.sheet.wanted.kinds
        at = KINDS.index(min(chosen)) + 1 if len(chosen) == 1 else 0
        if at < len(KINDS):
            words.append(f"kind:{KINDS[at]}")
        view.needle = " ".join(words)
        self._needle = view.needle
        self._begin()
        self.app.controls.changed()

    def row(self, key: str) -> AuditRow | None:
        """The row of that key."""
        return next((row for row in self.sheet.rows if row.key == key), None)

    def open(self, key: str) -> None:
        """Ask for everything about a row: its order's chain, or the step of the machine it belongs to."""
        row = self.row(key)
        if row is None or key == self._shown:
            return
        self._shown = key
        args = {"cid": row.cid} if row.cid else {"seq": str(row.seq)}
        self._explain(key, row, args)

    def _explain(self, key: str, row: AuditRow, args: dict[str, str]) -> None:
        asked = self.app.link.send("explain", args)
        self.app.controls.planned[asked] = partial(self._explained, key, row, args)

    def _explained(self, key: str, row: AuditRow, args: dict[str, str], answer: Answer) -> None:
        if key != self._shown:
            return
        if answer.ok and answer.payload is not None:
            self._put(chain=answer.payload)
        elif "cid" in args:
            self._explain(
                key, row, {"seq": str(row.seq)}
            )  # an order of somebody else: only the step is known
        else:
            self._shown = ""
            self._put(chain=None)
