"""Strategies: one file, one class, one decorator. They say what they want, never what to do about it.

    @strategy("name", Params, version=1, wakes=("bar",))
    class Name(msgspec.Struct):
        params: Params                                    # typed, bounded, described: the screen shows them
        average: Ema                                      # then the state: plain numbers, lists, indicators

        @classmethod
        def create(cls, params: Params) -> Name: ...      # a fresh one, knowing nothing

        def on_bar(self, bar, view, want): ...            # a candle has CLOSED; write only the hooks you need
        def on_book(self, view, want): ...                # best bid or ask may have changed
        def on_trade(self, trade, view, want): ...        # somebody traded
        def on_fill(self, fill, view, want): ...          # you did; view.position is already the new one
        def on_funding(self, rate, view, want): ...       # a funding rate was announced or settled
        def on_timer(self, view, want): ...               # every ``timer_ms`` (attribute), news or not

``view`` is what may be known now: position, entry, equity, book, fees; nothing later. ``want`` is a pen:
``want.long(weight, stop=..., take=..., tag=...)``, ``short``, ``flat``, ``position(qty)``, ``quote(...)``,
``protect(stop, take)`` to move a stop without sizing anew;
``weight`` is notional over equity, and a wish stays in force until another is written. Stops and takes
rest at the venue. The gate may trim or refuse a wish and says why (``cockpit explain``).

Several instruments: ``@strategy(..., legs=2)`` or ``legs=("spot", "perp")``; the settings name
``symbols``. One object hears all of them; ``view`` and ``want`` are those of the first leg,
``view.leg(1)`` and ``want.leg(1)`` of the second, ``view.news`` says which leg the event is about, and
wishes on any leg are taken up in the same step. Each leg is a sleeve of its own to gate, venue and
ledger, but legs enter together: what the gate takes from one it takes from all. Compare legs with
``Aligned`` (core/aligned.py), which speaks when all of them have closed.

Several timeframes: ``@strategy(..., timeframes=("4h", "1d"))``. The longer bars come to ``on_bar`` too
(``bar.tf > view.tf``), made from the closed shorter ones, and before the shorter bar that completes them.

The whole object is the snapshot: what is not a field is forgotten by a restart. No clock (``view.now``),
no randomness, no files, no other strategy: live, paper and backtest run this same class.
"""
