"""Whatever changes the engine: a command through the link, named, confirmed where it matters, answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.screen import ModalScreen

from cockpit.core.frames import Answer, OrderRow, SleeveRow
from cockpit.tui import figures, freshness
from cockpit.tui.dialogs import Ask
from cockpit.tui.halt import Asked

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.widgets import PanelView

SPEEDS = ("1", "10", "max")


class Commands:
    """One method per command."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self.waiting: dict[str, str] = {}
        """Command id → verb, for commands not yet answered."""
        self.planned: dict[str, Callable[[Answer], None]] = {}
        """Command id → what takes its answer: a plan that was asked for, a page of the journal."""

    @property
    def panel(self) -> PanelView:
        """The panel that has the focus."""
        return self.app.desk.focused_view

    def send(self, verb: str, args: dict[str, str]) -> str:
        """Hand a command to the engine; its answer becomes a line in the corner. The past sends none."""
        if self.app.past.on:
            self.no_commands()
            return ""
        command_id = self.app.link.send(verb, args)
        self.waiting[command_id] = verb
        return command_id

    def no_commands(self) -> None:
        """A past moment is shown: it cannot be changed, and now is not seen."""
        key = self.app.keymap.key("past.leave")
        self.app.warn(self.app.look().say("past.no_commands", key=key))

    def take_answers(self) -> None:
        """What the engine said since the last round."""
        look = self.app.look()
        for answer in self.app.link.answers():
            asked = self.app.asked
            if asked is not None and asked.command_id == answer.command_id:
                asked.answer = answer
                self.waiting.pop(answer.command_id, None)
                self.app.paint_bars()
                continue
            if answer.command_id in self.planned:
                self.planned.pop(answer.command_id)(answer)
                continue
            verb = look.word(self.waiting.pop(answer.command_id, ""))
            words = look.news(answer.message_id, answer.args)
            if answer.ok:
                self.app.tell("answer.ok", verb=verb, answer=words)
            else:
                self.app.warn(look.say("answer.refused", verb=verb, reason=words))

    def halt(self) -> None:
        """Stop: no new entries, resting entries cancelled. Anybody may, at once, without a question."""
        self.app.past.leave()
        self.app.asked = Asked(self.send("halt", {}), self.app.clock())
        self.app.paint_bars()

    def ask_halt(self) -> None:
        """The slow door to the kill switch: from the palette, after Enter."""
        look = self.app.look()
        question = Ask(look, look.say("ask.halt"), [look.say("action.halt")])
        self.ask(question, lambda _: self.halt())

    def ask(self, dialog: ModalScreen[str | None], then: Callable[[str], None]) -> None:
        """Show a question; ``then`` runs only after a yes."""

        def answered(answer: str | None) -> None:
            if answer is not None:
                then(answer)

        self.app.push_screen(dialog, answered)

    def cancel_order(self) -> None:
        """Cancel the order under the cursor, after Enter."""
        rows = self.app.frame.orders if self.app.frame else ()
        row = next((row for row in rows if row.cid == self.panel.cursor), None)
        if row is None:
            self.app.tell("cancel.none")
            return
        look = self.app.look()
        lines = [_order_words(row, self.app)]
        if row.role == "protect":
            lines.append(look.say("cancel.protects"))
        cid = row.cid
        self.ask(
            Ask(look, look.say("cancel.title"), lines), lambda _: _ignore(self.send("cancel", {"cid": cid}))
        )

    def switch_sleeve(self) -> None:
        """Switch the strategy under the cursor on or off, after Enter."""
        row = self._sleeve()
        if row is None:
            self.app.tell("sleeves.choose")
            return
        look = self.app.look()
        verb = "sleeve_on" if row.state in ("off", "benched") else "sleeve_off"
        words = look.say(
            f"sleeves.ask.{verb}", sleeve=f"{row.strategy}@{row.version}", symbol=figures.short(row.symbol)
        )
        position = look.say(
            "sleeves.now", qty=look.amount(figures.quantity(row.position)), stage=look.word(row.stage)
        )
        sleeve = row.sleeve
        self.ask(
            Ask(look, look.say(f"sleeves.title.{verb}"), [words, position]),
            lambda _: _ignore(self.send(verb, {"sleeve": sleeve})),
        )

    def _sleeve(self) -> SleeveRow | None:
        rows = self.app.frame.sleeves if self.app.frame else ()
        return next((row for row in rows if row.sleeve == self.panel.cursor), None)

    def flatten(self) -> None:
        """Close everything at market: shows what would be closed and wants the word."""
        look = self.app.look()
        rows = self.app.frame.positions if self.app.frame else ()
        if not rows:
            self.app.tell("flatten.nothing")
            return
        lines = [
            look.say(
                "flatten.line",
                symbol=figures.short(row.symbol),
                qty=look.amount(figures.quantity(row.qty)),
                pnl=look.change(row.exit_pnl),
            )
            for row in rows[:12]
        ]
        if len(rows) > len(lines):
            lines.append(look.say("panel.more", count=len(rows) - len(lines)))
        left = sum(row.exit_pnl for row in rows)
        lines += ["", look.say("flatten.total", pnl=look.change(left))]
        self.ask(
            Ask(look, look.say("flatten.title", count=len(rows)), lines, word="FLATTEN"),
            lambda _: _ignore(self.send("flatten", {"word": "FLATTEN"})),
        )

    def resume(self) -> None:
        """Lift a halt: slow on purpose, and with a reason for the journal."""
        look = self.app.look()
        self.ask(
            Ask(look, look.say("resume.title"), [look.say("resume.words")], word="RESUME", reason=True),
            lambda reason: _ignore(self.send("resume", {"word": "RESUME", "reason": reason})),
        )

    def drive(self) -> None:
        """Ask for the one lease with which commands are obeyed."""
        if self.app.link.driver:
            self.app.tell("drive.already")
        else:
            self.send("drive", {})

    def step_speed(self, step: int) -> None:
        """The tape's speed; a live market has none."""
        frame = self.app.frame
        if frame is None or frame.mode != "REPLAY" or not frame.speed:
            self.app.tell("speed.only_replay")
            return
        at = SPEEDS.index(frame.speed) if frame.speed in SPEEDS else 0
        speed = SPEEDS[max(0, min(len(SPEEDS) - 1, at + step))]
        if speed != frame.speed:
            self.send("speed", {"speed": speed})

    def leave(self) -> None:
        """Close the screen, and say honestly what that does to the trading."""
        look = self.app.look()
        if self.app.past.only:
            self.app.say_goodbye("quit.replay")
            return
        if not self.app.link.closing_stops_engine:
            self.app.say_goodbye("quit.detached")
            return
        frame = self.app.frame
        lines = [
            look.say("quit.stops"),
            look.say(
                "quit.open",
                orders=len(frame.orders) if frame else 0,
                positions=len(frame.positions) if frame else 0,
            ),
        ]
        self.ask(Ask(look, look.say("quit.title"), lines), lambda _: self.app.say_goodbye("quit.stopped"))


def _ignore(_: object) -> None:
    """A command's id is kept by ``send``; callbacks return nothing."""


def _order_words(row: OrderRow, app: CockpitApp) -> str:
    look = app.look()
    book = freshness.book_of(app.frame, row.symbol) if app.frame else None
    return look.say(
        "cancel.order",
        side=look.word(row.side),
        qty=look.amount(figures.quantity(row.qty - row.filled)),
        symbol=figures.short(row.symbol),
        price=figures.price(figures.first_price(row.price, row.trigger), book.tick if book else 0.0),
        kind=look.word(row.kind),
        cid=row.cid,
    )
