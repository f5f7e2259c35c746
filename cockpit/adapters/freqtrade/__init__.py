"""A freqtrade IStrategy as a sleeve on bars: to compare before rewriting.

What is honoured: ``populate_indicators``, entry and exit signals (v2 and v3 names, tags, shorts),
``minimal_roi``, ``stoploss``, trailing stop with its offset, ``exit_profit_only``, ``startup_candle_count``,
longer candles of the same market (``@informative``, ``merge_informative_pair``, ``self.dp``), and what a
search has found (``buy_params`` …, ``NAME.json``). What is not, and is told: every callback
(``custom_stoploss``, ``confirm_trade_entry``, ``leverage`` …), other markets' candles, ``protections``, order
types, position stacking.

It differs from freqtrade where the cockpit is stricter: signals are worked out anew on every closed bar from
bars up to it, so a strategy cannot see later ones; stops and targets rest at the venue and are filled as bars
allow. ``cockpit import freqtrade-strategy FILE`` writes the plug-in.
"""

from cockpit.adapters.freqtrade.sleeve import register

__all__ = ["register"]
