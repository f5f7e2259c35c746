"""A strategy written for freqtrade runs as a sleeve: its signals, its exits, and what it may not know."""

from __future__ import annotations

import json
from math import sin
from pathlib import Path

import pytest

from cockpit import cli
from cockpit.adapters.freqtrade import qtpylib, register, source
from cockpit.app.rehearse import START, candles, rehearse
from cockpit.core.errors import PluginError
from cockpit.core.registry import STRATEGIES

HERE = Path(__file__).parent / "of_others"
HEAD = """
import talib.abstract as ta
from freqtrade.strategy import IStrategy


class Made(IStrategy):
    timeframe = "1h"
    can_short = True
    startup_candle_count = 60

    def populate_indicators(self, dataframe, metadata):
        return dataframe
"""
ONCE = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["volume"] == 7, "enter_long"] = 1
        dataframe.loc[dataframe["volume"] == 8, "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["volume"] == 9, ["exit_long", "exit_short"]] = 1
        return dataframe
"""


def made(tmp_path: Path, name: str, body: str) -> str:
    """A registered strategy of this body."""
    file = tmp_path / f"{name}.py"
    file.write_text(HEAD + body, "utf-8")
    register(name, file)
    return name


def ran(name: str, closes: list[float], marks: dict[int, float]) -> list[tuple[str, str, str]]:
    """(side, price, tag) of each fill; ``marks`` gives bars the volume that the file waits for."""
    from msgspec.structs import replace

    bars = [replace(bar, volume=marks.get(at, 1_000.0)) for at, bar in enumerate(candles(closes))]
    found = rehearse(name, bars)
    assert found.benched == ""
    orders = found.engine.state
    return [
        (f.side, f"{f.price.normalize():f}", o.tag if (o := orders.order(f.cid)) is not None else "")
        for f in found.fills
    ]


def test_a_signal_enters_and_a_signal_leaves(tmp_path: Path) -> None:
    name = made(tmp_path, "ft_signal", "    stoploss = -0.5\n" + ONCE)
    fills = ran(name, [100.0] * 90, {70: 7.0, 80: 9.0})
    assert [(side, tag) for side, _, tag in fills] == [("buy", "signal"), ("sell", "exit-signal")]
    short = ran(name, [100.0] * 90, {70: 8.0, 80: 9.0})
    assert [side for side, _, _ in short] == ["sell", "buy"]
    assert ran(name, [100.0] * 90, {20: 7.0}) == []  # not before the bars it asked for


def test_the_stop_rests_at_the_venue(tmp_path: Path) -> None:
    name = made(tmp_path, "ft_stop", "    stoploss = -0.05\n" + ONCE)
    fills = ran(name, [100.0] * 75 + [99.0, 97.0, 93.0, 93.0, 93.0], {70: 7.0})
    assert [side for side, _, _ in fills] == ["buy", "sell"]
    assert 94.8 < float(fills[1][1]) < 95.2


def test_the_profit_asked_for_falls_with_age(tmp_path: Path) -> None:
    body = '    stoploss = -0.5\n    minimal_roi = {"0": 0.2, "300": 0.01}\n' + ONCE
    name = made(tmp_path, "ft_roi", body)
    fills = ran(name, [100.0] * 72 + [103.0] * 12, {70: 7.0})
    assert [side for side, _, _ in fills] == ["buy", "sell"]
    assert fills[1][2] == "roi"


def test_a_trailing_stop_never_goes_back(tmp_path: Path) -> None:
    body = (
        "    stoploss = -0.5\n    trailing_stop = True\n    trailing_stop_positive = 0.02\n"
        "    trailing_stop_positive_offset = 0.03\n    trailing_only_offset_is_reached = True\n" + ONCE
    )
    name = made(tmp_path, "ft_trail", body)
    closes = [100.0] * 72 + [102.0, 104.0, 108.0, 107.0, 106.5, 104.0, 101.0, 101.0]
    fills = ran(name, closes, {70: 7.0})
    assert [side for side, _, _ in fills] == ["buy", "sell"]
    assert 105.0 < float(fills[1][1]) < 106.5


def test_its_signals_bar_by_bar_are_those_of_the_whole_history() -> None:
    kind = source.load(HERE / "crossing.py")
    told = source.facts(kind)
    assert (told.stoploss, told.roi) == (0.04, ((0.0, 0.2), (600.0, 0.05)))
    assert told.not_run == ("leverage",)
    rows = [
        (START + i * 3_600_000, p, p + 1, p - 1, p, 100.0)
        for i, p in enumerate(100 + 9 * sin(i / 7) + 3 * sin(i / 2) for i in range(200))
    ]
    whole = source.signals(kind, rows, "COIN")
    said = [source.last(whole.iloc[: at + 1]) for at in range(len(rows))]
    entries = [at for at, s in enumerate(said) if s.long or s.short]
    assert len(entries) > 4
    for at in entries:
        assert source.last(source.signals(kind, rows[max(0, at - 99) : at + 1], "COIN")) == said[at]
    assert {said[at].tag for at in entries if said[at].long} == {"cross-up"}


LEAK = """
    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"].shift(-1) > dataframe["close"] * 1.02, "enter_long"] = 1
        return dataframe
"""


def test_the_import_says_what_is_not_run_and_what_looks_ahead(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["timestamp,open,high,low,close,volume"]
    before = 100.0
    for hour in range(460):
        close = 100 + 12 * sin(hour / 5) + 2 * sin(hour / 2.3)
        reach = (max(before, close) + 0.3, min(before, close) - 0.3)
        prices = ",".join(f"{p:.2f}" for p in (before, *reach, close))
        lines.append(f"{START + hour * 3_600_000},{prices},1000")
        before = close
    (tmp_path / "SOLUSDT-1h.csv").write_text("\n".join(lines) + "\n", "utf-8")
    tape = str(tmp_path / "sol.tape")
    assert (
        cli.main(["data", "import", str(tmp_path / "SOLUSDT-1h.csv"), "--venue", "binance", "--out", tape])
        == 0
    )
    leak = tmp_path / "leak.py"
    leak.write_text(HEAD.replace("Made", "Leak") + LEAK, "utf-8")
    capsys.readouterr()
    words = ["--json", "import", "freqtrade-strategy", "--dir", str(tmp_path / "plugins"), "--tape", tape]
    assert cli.main([*words, str(leak)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["strategy"] == "freqtrade_leak"
    assert len(found["differing"]) > 0
    assert cli.main([*words, str(HERE / "crossing.py")]) == 0
    clean = json.loads(capsys.readouterr().out)
    assert (clean["differing"], clean["not_run"]) == ([], ["leverage"])
    use = [
        "--set",
        f"run.plugins_dir={tmp_path / 'plugins'}",
        "backtest",
        "--tape",
        tape,
        "--no-record",
        "--json",
    ]
    assert cli.main([*use, "--strategy", "freqtrade_crossing@binance:SOLUSDT/1h"]) == 0
    assert json.loads(capsys.readouterr().out)["fills"] > 0
    assert "freqtrade_crossing" in STRATEGIES
    again = tmp_path / "again"
    again.mkdir()
    (again / "freqtrade_crossing.py").write_text("mine", "utf-8")
    assert cli.main(["import", "freqtrade-strategy", str(HERE / "crossing.py"), "--dir", str(again)]) == 2
    assert (again / "freqtrade_crossing.py").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = 1\n", "0 strategies"),
        ("def (\n", "SyntaxError"),
        ("import nowhere_at_all\n", "nowhere_at_all"),
        ("from freqtrade.strategy import Wonder\n", "only a part of freqtrade"),
        (HEAD, "populate_entry_trend"),
    ],
)
def test_a_file_that_cannot_be_run_says_why(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / f"bad_{abs(hash(word))}.py"
    file.write_text(text, "utf-8")
    with pytest.raises(PluginError, match=word):
        source.facts(source.load(file))
    assert cli.main(["import", "freqtrade-strategy", str(file), "--dir", str(tmp_path / "p")]) == 3
    assert not (tmp_path / "p").exists()


def test_crossings_and_bands_by_hand() -> None:
    import pandas

    a, b = pandas.Series([1.0, 2.0, 3.0, 1.0]), pandas.Series([2.0, 2.0, 2.0, 2.0])
    assert qtpylib.crossed_above(a, b).tolist() == [False, False, True, False]
    assert qtpylib.crossed_below(a, b).tolist() == [False, False, False, True]
    assert qtpylib.crossed(a, 2.0).tolist() == [False, False, True, True]
    bands = qtpylib.bollinger_bands(a, 2, 1)
    assert bands["mid"].tolist()[1:] == [1.5, 2.5, 2.0]
    frame = pandas.DataFrame({"open": [1.0, 2.0], "high": [3.0, 3.0], "low": [1.0, 1.0], "close": [2.0, 2.0]})
    assert qtpylib.heikinashi(frame)["open"].tolist() == [1.5, 1.625]
    assert qtpylib.typical_price(frame).tolist() == [2.0, 2.0]


LONGER = """
from freqtrade.strategy import IStrategy, informative, merge_informative_pair
from freqtrade.strategy import IntParameter, stoploss_from_open


class Long(IStrategy):
    timeframe = "1h"
    stoploss = -0.5
    level = IntParameter(1, 50, default=10)
    other = IntParameter(1, 50, default=11)
    buy_params = {"level": 33}

    @informative("4h")
    def populate_indicators_4h(self, dataframe, metadata):
        dataframe["ends"] = dataframe["close"]
        return dataframe

    def populate_indicators(self, dataframe, metadata):
        days = self.dp.get_pair_dataframe(metadata["pair"], "1d")
        return merge_informative_pair(dataframe, days, self.timeframe, "1d")

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = (dataframe["ends_4h"] > self.level.value).astype(int)
        return dataframe
"""


def test_longer_candles_join_with_the_bar_that_completes_them(tmp_path: Path) -> None:
    file = tmp_path / "long.py"
    file.write_text(LONGER, "utf-8")
    kind = source.load(file)
    rows = [(START + i * 3_600_000, 1.0 * i, i + 0.5, i - 0.5, float(i), 1.0) for i in range(2, 60)]
    data = source.signals(kind, rows, "COIN")
    for i, row in zip(range(2, 60), data.itertuples(), strict=True):
        ended = (i + 1) // 4 * 4 - 1  # the last hour of the newest candle of four that is over
        assert (row.ends_4h == ended) if ended >= 7 else row.ends_4h != row.ends_4h
        days = (i + 1) // 24 * 24
        assert (
            (row.volume_1d, row.close_1d) == (24.0, days - 1) if days > 24 else row.close_1d != row.close_1d
        )
    assert list(data["enter_long"]) == [int((i + 1) // 4 * 4 - 1 > 33) for i in range(2, 60)]
    assert [source.last(source.signals(kind, rows[: n + 1], "COIN")).long for n in range(30, 58)] == [
        bool(value) for value in data["enter_long"][30:]
    ]


def test_what_a_search_of_theirs_has_found_counts(tmp_path: Path) -> None:
    file = tmp_path / "found.py"
    file.write_text(LONGER.replace("class Long", "class Found"), "utf-8")
    told = {"buy": {"other": 7}, "roi": {"0": 0.03}, "stoploss": {"stoploss": -0.2}}
    (tmp_path / "found.json").write_text(json.dumps({"strategy_name": "Found", "params": told}), "utf-8")
    kind = source.load(file)
    assert (kind.level.value, kind.other.value) == (33, 7)  # type: ignore[attr-defined]
    assert (source.facts(kind).roi, source.facts(kind).stoploss) == (((0.0, 0.03),), 0.2)
    (tmp_path / "worse.json").write_text("[]", "utf-8")
    worse = tmp_path / "worse.py"
    worse.write_text(LONGER.replace("class Long", "class Worse"), "utf-8")
    with pytest.raises(PluginError, match=r"worse\.json holds no parameters"):
        source.load(worse)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('@informative("4h")', '@informative("4h", "BTC/USDT")', "another market's candles are not run"),
        ('metadata["pair"], "1d"', '"BTC/USDT", "1d"', "another market's candles are not run"),
        ('metadata["pair"], "1d"', 'metadata["pair"], "90m"', "cannot be made of those of 60 minutes"),
        ('dataframe["close"]', 'dataframe["clothes"]', "KeyError: 'clothes'"),
    ],
)
def test_what_a_file_asks_in_vain_is_said(tmp_path: Path, before: str, after: str, says: str) -> None:
    file = tmp_path / f"vain{abs(hash(after))}.py"
    file.write_text(LONGER.replace(before, after), "utf-8")
    rows = [(START + i * 3_600_000, 1.0, 1.0, 1.0, 1.0, 1.0) for i in range(60)]
    with pytest.raises(PluginError, match=says):
        source.signals(source.load(file), rows, "COIN")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("stoploss = None", "Made: stoploss = None cannot be used"),
        ('minimal_roi = {"0": "x"}', "Made: minimal_roi = {'0': 'x'} cannot be used"),
        ('timeframe = "1x"', "Made: timeframe = '1x' cannot be used"),
        ("startup_candle_count = None", "Made: startup_candle_count = None cannot be used"),
        ("can_short = nowhere", "name 'nowhere' is not defined \\(.*odd.py line 13\\)"),
    ],
)
def test_a_setting_that_is_none_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(PluginError, match=said):
        made(tmp_path, "odd", f"    {line}\n{ONCE}")


def test_settings_that_are_not_followed_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    body = """
    position_adjustment_enable = False

    @property
    def protections(self):
        return [{"method": "CooldownPeriod", "stop_duration_candles": 5}]
"""
    (tmp_path / "guarded.py").write_text(HEAD + body + ONCE, "utf-8")
    assert cli.main(["import", "freqtrade-strategy", "guarded.py", "--name", "ft_guarded"]) == 0
    said = capsys.readouterr().out
    assert "NOT USED: protections is set" in said
    assert "position_adjustment_enable" not in said
