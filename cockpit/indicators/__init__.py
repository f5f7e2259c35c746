"""Indicators, one file each: ``update(x) -> float`` per closed bar, NaN until there is enough to say.

Each is a small Struct of plain numbers and lists of fixed size, so its whole memory travels in a snapshot
and continues as if nothing had happened. ``update`` costs the same whether it looks back 10 bars or 1,000
(``cci`` and ``hurst`` say where they do not). Inputs are finite; what is not a price is kept out before
(DataFault, ``candle_quality``). Several lines (bands, MACD) are attributes that ``update`` sets. Whole
series: :func:`cockpit.indicators.batch.batch`, or by name :func:`cockpit.indicators.catalogue.table`; both
are the same code in a loop, so live and research cannot differ. Definitions: quant reference sections 4 and
5; where libraries differ, the docstring says how.

A strategy holds the ones it wants as fields and updates them in ``on_bar``, ``on_book`` or ``on_trade``; so
a regime is seen by whoever holds a :class:`cockpit.indicators.regime.Regime`. To write one: a file, the
decorator ``@indicator(name, inputs=..., lines=...)``, parameters before the first line, state after the
lines, arithmetic and loops only (a test says what else a compiler could not follow). ``cockpit help
indicators`` then lists it. :mod:`cockpit.indicators.statistics` has what is asked of a whole sample: unit
roots, cointegration, memory.
"""
