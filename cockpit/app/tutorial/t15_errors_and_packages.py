"""When a strategy breaks, and how to give one away.

An exception benches the strategy: no new entries, what it holds stays protected, the others fly on. Event
log, ``cockpit status`` and a backtest name the error, file, line and the bar it was hearing. Mended, it
is switched on again with the key ``s`` or after a restart.

A package of yours brings plug-ins with an entry point, and says what face it was written for:

    [project.entry-points."cockpit.plugins"]
    mine = "my_package.strategies"

    @strategy("mine", Params, api="1.0")

Without a package: put the file into a folder and name it in the settings as ``run.plugins_dir``.
"""

from __future__ import annotations

import msgspec

from cockpit.app.rehearse import candles, rehearse
from cockpit.sdk import API_VERSION, Bar, PluginError, View, Want, strategy


@strategy("lesson_15", api="1.0")
class Fragile(msgspec.Struct):
    """Divides by the change of price: breaks at the first bar that does not move."""

    before: float = 0.0

    @classmethod
    def create(cls, _params: None) -> Fragile:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        if self.before and 1 / (bar.close - self.before) > 0:
            want.long(0.1, stop=bar.close * 0.9, tag="up")
        self.before = bar.close


def test_it_is_benched_and_named_and_its_position_stays_protected() -> None:
    run = rehearse("lesson_15", candles([100.0, 101.0, 102.0, 102.0, 103.0]))
    assert "ZeroDivisionError" in run.benched
    assert "t15_errors_and_packages.py:" in run.benched
    assert "bar test:COIN-USDT-SWAP 1h 2024-01-01 04:00:00Z" in run.benched
    assert run.position > 0
    assert run.engine.state.orders


def test_what_was_written_for_a_newer_face_is_refused() -> None:
    said = ""
    try:
        strategy("tomorrow", api="99.0")(Fragile)
    except PluginError as error:
        said = str(error)
    assert f"this cockpit has {API_VERSION}" in said
