"""The one door between the screen and an engine, wherever the engine runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from cockpit.core.frames import Answer, Frame

__all__ = ["Answer", "FixedLink", "Link", "ScriptedLink"]


class Link(Protocol):
    """Frames out, commands in. In this process or over a socket: the screen cannot tell, and need not."""

    driver: bool
    """May this face drive, or only watch?"""
    lost: float
    """Seconds since the link last spoke; 0 while all is well."""
    closing_stops_engine: bool
    """True where the engine lives in this process."""

    @property
    def hurried(self) -> bool:
        """Is this very process deciding, or an order of it on its way? Asked often; must cost nothing."""

    def on_order(self, knock: Callable[[], None]) -> None:
        """Call ``knock``, which costs nothing, whenever this very process has decided on an order."""

    def latest(self) -> Frame | None:
        """The newest frame, at once; None before the first."""

    def send(self, verb: str, args: dict[str, str]) -> str:
        """Hand over a command and return its id. Never blocks; safe from any thread."""

    def answers(self) -> list[Answer]:
        """Answers that arrived since the last call."""


class FixedLink:
    """One frame for ever: for pictures and tests. Commands are kept in ``sent``."""

    hurried = False

    def __init__(
        self, frame: Frame | None, *, driver: bool = True, closing_stops_engine: bool = True
    ) -> None:
        self.frame = frame
        self.driver = driver
        self.lost = 0.0
        self.closing_stops_engine = closing_stops_engine
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.queue: list[Answer] = []
        self.answering: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {}
        """What questions of a verb are answered with, at once."""

    def on_order(self, knock: Callable[[], None]) -> None:
        """Nothing trades here."""

    def latest(self) -> Frame | None:
        return self.frame

    def send(self, verb: str, args: dict[str, str]) -> str:
        self.sent.append((verb, dict(args)))
        command_id = f"c{len(self.sent)}"
        if verb in self.answering:
            payload = self.answering[verb](args)
            self.queue.append(Answer(command_id, True, "answer.taken", {}, payload, 1.0))
        return command_id

    def answers(self) -> list[Answer]:
        taken, self.queue = self.queue, []
        return taken

    def answer(self, ok: bool = True, message_id: str = "answer.taken", **args: str) -> None:
        """Queue an answer to the newest command."""
        self.queue.append(Answer(f"c{len(self.sent)}", ok, message_id, args, None, 4.0))


class ScriptedLink(FixedLink):
    """A link whose frames come from a function of the number of calls: a demo, a benchmark, a story."""

    def __init__(
        self,
        script: Callable[[int], Frame | None] | Iterable[Frame | None],
        *,
        driver: bool = True,
        closing_stops_engine: bool = True,
    ) -> None:
        super().__init__(None, driver=driver, closing_stops_engine=closing_stops_engine)
        self.calls = 0
        self._script = script if callable(script) else None
        self._frames = iter(()) if callable(script) else iter(script)

    def latest(self) -> Frame | None:
        if self._script is not None:
            self.frame = self._script(self.calls)
        else:
            self.frame = next(self._frames, self.frame)
        self.calls += 1
        return self.frame
