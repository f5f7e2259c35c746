"""Run by the peers' Python: our ema_trend decides, backtesting.py or backtrader trades; trips as JSON.

    python ema_trend_elsewhere.py backtesting|backtrader BARS.json

Only the decisions are ours (the strategy's own class); orders, fills and positions are the library's.
"""

# mypy: ignore-errors

import json
import sys
import warnings
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
warnings.simplefilter("ignore")

from cockpit.core.events import Bar, Side  # noqa: E402
from cockpit.core.want import Want  # noqa: E402
from cockpit.strategies.ema_trend import EmaTrend, Params  # noqa: E402

HOUR = 3_600_000
UNITS = 1_000


class Mind:
    """Our strategy, told what the library did."""

    def __init__(self):
        self.strategy = EmaTrend.create(Params())
        self.want = Want()
        self.view = SimpleNamespace(position=0.0, min_qty=0.001, tick=0.01, now=0, last=0.0, can_short=True)
        self.done = 0

    def fill(self, price, side, position):
        self.view.position = position
        self.strategy.on_fill(SimpleNamespace(price=price, side=side), self.view, self.want)

    def bar(self, ts, o, h, lo, c, v, position):
        self.view.position = position
        self.strategy.on_bar(Bar(ts, "x", HOUR, o, h, lo, c, v), self.view, self.want)
        want, self.want = self.want, Want()
        if want.dirty:
            return want.weight, want.stop, want.take
        return None


def with_backtesting(rows):
    import pandas
    from backtesting import Backtest, Strategy

    class Elsewhere(Strategy):
        def init(self):
            self.mind = Mind()
            self.seen = 0
            self.mind.bar(*rows[0], 0.0)  # the library begins with the second bar

        def next(self):
            mind, at = self.mind, len(self.data) - 1
            for trade in sorted(self.closed_trades, key=lambda t: t.exit_bar)[self.seen :]:
                self.seen += 1
                mind.fill(trade.exit_price, Side.SELL if trade.is_long else Side.BUY, 0.0)
            ts, o, h, lo, c, v = rows[at]
            wish = mind.bar(ts, o, h, lo, c, v, float(self.position.size))
            if wish is None:
                return
            weight, stop, take = wish
            if not weight:
                self.position.close()
            elif weight > 0:
                self.buy(size=UNITS, sl=stop, tp=take)
            else:
                self.sell(size=UNITS, sl=stop, tp=take if take == take else None)

    frame = pandas.DataFrame(
        [row[1:] for row in rows],
        columns=["Open", "High", "Low", "Close", "Volume"],
        index=pandas.to_datetime([row[0] for row in rows], unit="ms"),
    )
    test = Backtest(frame, Elsewhere, cash=1e12, commission=0.0, trade_on_close=False, finalize_trades=False)
    trades = test.run()["_trades"]
    return [
        [int(t.EntryBar), int(t.ExitBar), float(t.EntryPrice), float(t.ExitPrice), 1 if t.Size > 0 else -1]
        for t in trades.itertuples()
    ]


def with_backtrader(rows):
    import backtrader as bt

    class Feed(bt.feeds.DataBase):
        def start(self):
            super().start()
            self.at = 0

        def _load(self):
            if self.at >= len(rows):
                return False
            ts, o, h, lo, c, v = rows[self.at]
            self.at += 1
            self.lines.datetime[0] = bt.date2num(datetime.fromtimestamp(ts / 1000, UTC).replace(tzinfo=None))
            self.lines.open[0], self.lines.high[0], self.lines.low[0] = o, h, lo
            self.lines.close[0], self.lines.volume[0], self.lines.openinterest[0] = c, v, 0
            return True

    trips = []

    class Elsewhere(bt.Strategy):
        def __init__(self):
            self.mind, self.orders, self.entry = Mind(), [], None

        def notify_order(self, order):
            if order.status != order.Completed:
                return
            at, price, sign = len(self) - 1, order.executed.price, 1 if order.isbuy() else -1
            if self.entry is None:
                self.entry = (at, price, sign)
            else:
                trips.append([self.entry[0], at, self.entry[1], price, self.entry[2]])
                self.entry = None
                for other in self.orders:
                    self.cancel(other)
                self.mind.fill(price, Side.BUY if sign > 0 else Side.SELL, 0.0)

        def next(self):
            ts, o, h, lo, c, v = rows[len(self) - 1]
            wish = self.mind.bar(ts, o, h, lo, c, v, float(self.position.size))
            if wish is None:
                return
            weight, stop, take = wish
            if not weight:
                for other in self.orders:
                    self.cancel(other)
                if self.position.size:
                    self.close()
            else:
                act = self.buy_bracket if weight > 0 else self.sell_bracket
                ask = {"limitprice": take} if take == take else {"limitexec": None}
                self.orders = act(size=UNITS, exectype=bt.Order.Market, stopprice=stop, **ask)

    engine = bt.Cerebro(stdstats=False)
    engine.adddata(Feed())
    engine.addstrategy(Elsewhere)
    engine.broker.setcash(1e12)
    engine.run()
    return trips


if __name__ == "__main__":
    bars = json.loads(Path(sys.argv[2]).read_text())
    run = {"backtesting": with_backtesting, "backtrader": with_backtrader}[sys.argv[1]]
    print(json.dumps(run(bars)))
