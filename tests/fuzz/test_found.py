"""What fuzzing has found, each as a sentence: these inputs broke something once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters.ccxt_venue import values
from cockpit.adapters.ccxt_venue.binance import Binance
from cockpit.adapters.ccxt_venue.bybit import Bybit
from cockpit.adapters.keys import KeyFile
from cockpit.adapters.okx import frames, instruments, rows
from cockpit.adapters.readings import moods
from cockpit.adapters.secret import Secret
from cockpit.app import settings
from cockpit.app.keeping import anchors
from cockpit.core import events as ev
from cockpit.core.errors import ConfigError, StoreError, TapeError
from cockpit.tui.memory import Memory, recall
from tests.fuzz.campaign import Broken, bounded, one
from tests.fuzz.target import Target
from tests.fuzz.venues import MARKET

DEEP = b"[" * 5_000
NO_TEXT = b'{"a":"\xff"}'


@pytest.mark.parametrize("number", [values.number, rows.number])
def test_an_exponent_is_no_bomb(number: Any) -> None:
    for text in ("1e999999999", "-1e-999999999", "9" * 400, "1e41"):
        with pytest.raises(ValueError, match="not a finite number"):
            number(text)
    assert number("0e-999999") == 0
    assert number("1e40") == Decimal("1e40")


def test_a_frame_that_is_nested_too_deep_is_garbage() -> None:
    for raw in (b'{"data":' + DEEP, b'{"arg":' + DEEP):
        (fact,) = frames.parse(raw, 5)
        assert isinstance(fact, ev.DataFault)


def test_a_market_without_a_pair_in_its_name_is_refused() -> None:
    row = instruments.MARKETS.decode(b"[%s]" % _json(MARKET | {"instId": "NaN"}))[0]
    with pytest.raises(ValueError, match="no pair"):
        instruments.listed(row)


def test_a_ticker_that_cannot_be_read_leaves_what_was_known() -> None:
    bybit, memory = Bybit(), dict[str, Any]()
    whole = {"symbol": "BTCUSDT", "markPrice": "5", "indexPrice": "5"}
    message = {"topic": "tickers.BTCUSDT", "type": "snapshot", "ts": 1, "data": whole}
    assert bybit.hear(message, 1, memory).facts
    for data in ({"nextFundingTime": "never"}, True):
        with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own, or ours
            bybit.hear({**message, "type": "delta", "data": data}, 2, memory)
    (fact,) = bybit.hear({**message, "type": "delta", "data": {"markPrice": "6"}}, 3, memory).facts
    assert isinstance(fact, ev.Mark)


def test_a_candle_that_is_a_text_is_refused_in_order() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own
        Binance().hear({"e": "kline", "E": 1, "s": "BTCUSDT", "k": "x"}, 1, {})


def test_damaged_files_are_told_or_passed_over(tmp_path: Path) -> None:
    for raw in (DEEP, NO_TEXT):
        screen, anchor, keys = (tmp_path / name for name in ("screen", "anchor", "keys"))
        for file in (screen, anchor, keys):
            file.write_bytes(raw)
            file.chmod(0o600)
        assert recall(screen) == Memory()
        with pytest.raises(StoreError):
            anchors.kept(anchor)
        with pytest.raises(ConfigError):
            KeyFile(keys, lambda: Secret("x")).names()
    deep = tmp_path / "cockpit.toml"
    deep.write_bytes(b"a = " + DEEP)
    with pytest.raises(ConfigError):
        settings.load(deep, {})
    mood = tmp_path / "mood.csv"
    mood.write_text("ts_ms,value\n1e999,5\n")
    with pytest.raises(TapeError, match="no number"):
        moods(mood)


def test_the_campaign_finds_what_is_planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.campaign.FOUND", tmp_path / "found")
    monkeypatch.setattr("tests.fuzz.campaign.CPU_S", 0.05)

    def planted(raw: bytes) -> None:
        if raw == b"crash":
            raise TypeError("planted")
        while raw == b"hang":
            pass
        if raw == b"refused":
            raise ConfigError("declared")

    target = Target("planted", (), (b"x",), planted, (ConfigError,))
    with bounded():
        assert one(target, b"fine")
        assert not one(target, b"refused")
        with pytest.raises(Broken, match="TypeError"):
            one(target, b"crash")
        with pytest.raises(Broken, match="of work"):
            one(target, b"hang")
    assert len(list((tmp_path / "found").iterdir())) == 2


def _json(document: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(document)
