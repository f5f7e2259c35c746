"""A freqtrade strategy as its users write them: averages that cross, a stop, a falling profit target."""

import talib.abstract as ta
from freqtrade.strategy import IntParameter, IStrategy
from freqtrade.vendor.qtpylib import indicators as qtpylib
from pandas import DataFrame


class Crossing(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "1h"
    can_short = True
    minimal_roi = {"0": 0.2, "600": 0.05}
    stoploss = -0.04
    startup_candle_count = 60
    fast = IntParameter(5, 30, default=8, space="buy")

    def populate_indicators(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        dataframe["fast"] = ta.SMA(dataframe, timeperiod=self.fast.value)
        dataframe["slow"] = ta.SMA(dataframe, timeperiod=30)
        return dataframe

    def populate_entry_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        up = qtpylib.crossed_above(dataframe["fast"], dataframe["slow"])
        dataframe.loc[up, ["enter_long", "enter_tag"]] = (1, "cross-up")
        dataframe.loc[qtpylib.crossed_below(dataframe["fast"], dataframe["slow"]), "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        dataframe.loc[qtpylib.crossed_below(dataframe["fast"], dataframe["slow"]), "exit_long"] = 1
        dataframe.loc[qtpylib.crossed_above(dataframe["fast"], dataframe["slow"]), "exit_short"] = 1
        return dataframe

    def leverage(
        self, pair, current_time, current_rate, proposed_leverage, max_leverage, entry_tag, side, **kwargs
    ):
        return 3.0
