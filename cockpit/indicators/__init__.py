"""Indicators, one file each: ``update(x) -> float`` per closed bar, NaN until there is enough to say.

Each is a small Struct of plain numbers and lists, so its whole memory travels in a snapshot and continues
as if nothing had happened. ``update`` costs the same whether it looks back 10 bars or 1,000. Inputs are
finite; what is not a price is kept out before (DataFault). Several lines (bands, MACD) are attributes that
``update`` sets. Whole series: :func:`cockpit.indicators.batch.batch`, which is the same code in a loop, so
live and research cannot differ. Definitions: quant reference sections 4 and 5; where libraries differ, the
docstring says how.
"""
