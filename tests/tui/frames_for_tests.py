"""A rich, realistic frame, the same on every machine, and a market that moves for demos and benchmarks."""

from __future__ import annotations

from math import nan, sin
from typing import Any

import msgspec

from cockpit.core.audit import AuditRow, wanted
from cockpit.core.candidates import Candidate, Mood, Term
from cockpit.core.desk_frames import CapitalFrame, CapitalRow, FuseRow, JobRow, MakerRow
from cockpit.core.frames import (
    BookFrame,
    CandleRow,
    DecisionRow,
    EventRow,
    FillRow,
    Frame,
    Halt,
    Health,
    HotlistFrame,
    LimitRow,
    OrderRow,
    PositionRow,
    Record,
    SleeveRow,
    SourceRow,
    SpanRow,
    StandingRow,
    StopLayer,
    TradeRow,
)
from cockpit.core.release.row import VersionRow
from cockpit.tui.aside import LabDetail, LabHeat, LabRow, LabSheet, LabTape, LogLine, PastSheet, Strip
from cockpit.tui.link import FixedLink

BTC, ETH, SOL, XRP = (f"okx:{base}-USDT-SWAP" for base in ("BTC", "ETH", "SOL", "XRP"))
T0 = 1_709_280_249_000
"""2024-03-01 08:04:09 UTC."""
MINUTE = 60_000
MIDS = {BTC: 65_000.0, ETH: 3_316.2, SOL: 171.54, XRP: 0.5871}
TICKS = {BTC: 0.1, ETH: 0.01, SOL: 0.01, XRP: 0.0001}


def noise(seed: int, at: int) -> float:
    """A number in [-1, 1) that depends on nothing but its arguments."""
    x = (seed * 73_856_093 ^ at * 19_349_663 ^ 0x5BF0_3635) & 0xFFFF_FFFF
    x = (x ^ (x >> 16)) * 0x45D9_F3B & 0xFFFF_FFFF
    x = (x ^ (x >> 16)) * 0x45D9_F3B & 0xFFFF_FFFF
    return (x ^ (x >> 16)) / 2**31 - 1


def mid(symbol: str, at: int) -> float:
    """A wandering mid price on the tick grid, after ``at`` tenths of a second."""
    tick = TICKS[symbol]
    seed = len(symbol) + ord(symbol[4])
    drift = sin(at / 90 + seed) * 60 + sin(at / 13 + seed) * 12 + noise(seed, at) * 4
    return round(MIDS[symbol] / tick + drift * (MIDS[symbol] / 65_000 / tick / 2 + 0.3)) * tick


def book(symbol: str, at: int, *, age: int = 40, ok: bool = True, levels: int = 40) -> BookFrame:
    tick, middle = TICKS[symbol], mid(symbol, at)
    scale = 10.0 if symbol == BTC else 120.0 if symbol == ETH else 2400.0

    def side(sign: int) -> tuple[tuple[float, float], ...]:
        first = 1 if sign > 0 else 0
        return tuple(
            (
                round(middle + sign * (level + first) * tick, 8),
                round(abs(noise(sign * 7 + level, at // (1 + level % 4))) * scale + 0.01, 3),
            )
            for level in range(levels)
        )

    own = (("buy", round(middle - 3 * tick, 8), 0.5), ("sell", round(middle + 5 * tick, 8), 0.5))
    return BookFrame(symbol, side(-1), side(1), own if symbol in (BTC, SOL) else (), tick, ok, age)


def candles(symbol: str, at: int, count: int = 240) -> tuple[CandleRow, ...]:
    seed = ord(symbol[4])
    tick, scale = TICKS[symbol], MIDS[symbol] * 0.0011
    start = (T0 + at * 100) // MINUTE - count + 1
    rows = []
    price = MIDS[symbol] * 0.995
    for index in range(count):
        minute = start + index
        last = index == count - 1
        opened = price
        pull = (MIDS[symbol] - price) * 0.02
        close = opened + pull + noise(seed, minute) * scale + sin(minute / 17) * scale * 0.3
        if last:
            close = mid(symbol, at)
        high = max(opened, close) + abs(noise(seed + 1, minute)) * scale * 0.6
        low = min(opened, close) - abs(noise(seed + 2, minute)) * scale * 0.6
        volume = abs(noise(seed + 3, minute)) * 40 + abs(close - opened) / scale * 30
        values = (round(value / tick) * tick for value in (opened, high, low, close))
        rows.append(CandleRow(minute * MINUTE, *values, round(volume, 3), not last))
        price = close
    return tuple(rows)


def trades(symbol: str, at: int, count: int = 60) -> list[TradeRow]:
    rows = []
    for index in range(count):
        when = at * 2 - count + index
        buy = noise(5, when) > 0
        size = round(abs(noise(6, when)) ** 3 * 4 + 0.004, 3)
        price = round(mid(symbol, at) + (TICKS[symbol] if buy else 0), 8)
        rows.append(TradeRow(T0 + when * 50, symbol, "buy" if buy else "sell", price, size))
    return rows


def layers(
    hard: str, soft: str, time: str, portfolio: str, price: float, away: float
) -> tuple[StopLayer, ...]:
    """The strategy's own stop, a softer one behind it, a time stop, the account's; two have prices."""
    names = {"H": "own", "S": "chandelier", "T": "time", "P": "account_drawdown"}
    rows = [StopLayer("H", hard, price, away, "venue")]
    for letter, state in zip("HSTP", (hard, soft, time, portfolio), strict=True):
        far = {"H": 1.0, "S": 1.6}.get(letter, 0.0)
        rows.append(
            StopLayer(
                letter,
                state,
                round(price * (1 + (far - 1) * (-away if away > 0 else away)), 4) if far else 0.0,
                away * far,
                names[letter],
                cash=-120.0 * far,
                first=letter == "H" and state != "missing",
                at=T0 + 3_600_000 if letter == "T" and state != "unused" else 0,
                say="4.1% of 10.0% used" if letter == "P" else "",
            )
        )
    return tuple(rows)


def positions(at: int, age: int = 60) -> tuple[PositionRow, ...]:
    rows = (
        (BTC, "ema_trend@3", 2.5, 0.992, ("armed", "local", "armed", "armed"), 0.0121, "breakout above 20d"),
        (ETH, "market_maker@1", -31.0, 1.0011, ("armed", "unused", "unused", "armed"), 0.0042, "inventory"),
        (SOL, "ema_trend@3", 440.0, 0.9975, ("missing", "local", "armed", "armed"), 0.0221, "ema 12/48"),
    )
    return tuple(
        PositionRow(
            sleeve=f"{strategy}/{symbol}",
            symbol=symbol,
            qty=qty,
            entry=round(MIDS[symbol] * part, 4),
            mark=mid(symbol, at),
            pnl=(mid(symbol, at) - MIDS[symbol] * part) * qty * 0.01,
            exit_pnl=(mid(symbol, at) - MIDS[symbol] * part) * qty * 0.01 - abs(qty) * 0.3,
            realised=12.5,
            fees=4.21,
            funding=-1.07,
            layers=layers(*states, MIDS[symbol] * (1 - away if qty > 0 else 1 + away), away),
            tag=tag,
            opened=T0 - 11_520_000,
            age=age,
            liquidation=round(MIDS[symbol] * (0.71 if qty > 0 else 1.31), 2),
        )
        for symbol, strategy, qty, part, states, away, tag in rows
    )


def orders(at: int) -> tuple[OrderRow, ...]:
    maker, trend, one = f"market_maker@1/{SOL}", f"ema_trend@3/{BTC}", mid(SOL, at)
    quote = OrderRow(
        "mm1b000412", maker, SOL, "buy", "post_only", "entry", one - 0.03, 120, 0, "live", T0 - 4200, False
    )
    swap = msgspec.structs.replace
    return (
        quote,
        swap(
            quote,
            cid="mm1s000413",
            side="sell",
            price=one + 0.05,
            filled=35,
            state="partial",
            created=T0 - 900,
        ),
        OrderRow(
            "em3p000007",
            trend,
            BTC,
            "sell",
            "stop",
            "protect",
            nan,
            2.5,
            0,
            "live",
            T0 - 11_500_000,
            True,
            64_213.5,
        ),
        OrderRow(
            "em3e000009", trend, ETH, "buy", "limit", "entry", 3301.5, 4, 0, "unknown", T0 - 2100, False
        ),
        swap(quote, cid="mm1b000411", price=one - 0.04, created=T0 - 6000, cancelling=True),
    )


def sleeves(at: int) -> tuple[SleeveRow, ...]:
    def past(seed: int, count: int = 24) -> tuple[SpanRow, ...]:
        money = [round(noise(seed, hour) * 40 + 4, 2) for hour in range(count)]
        r = [round(value / 32, 2) if at % 3 else 0.0 for at, value in enumerate(money)]
        spans = ((money, r), (money[-9:], r[-9:]), (money[-3:], r[-3:]))
        return tuple(SpanRow(tuple(m), tuple(x)) for m, x in spans)

    won = Record(41, 23, 1904.2, 866.0, 212.4, -98.3, 7.4, 39, 41 * 5_460_000, T0 - 9 * 86_400_000)
    lost = Record(17, 5, 88.0, 300.9, 31.0, -61.5, -4.2, 17, 17 * 840_000, T0 - 3 * 86_400_000)

    def row(strategy: str, version: int, symbol: str, stage: str, state: str, *rest: object) -> SleeveRow:
        return SleeveRow(f"{strategy}@{version}/{symbol}", strategy, version, symbol, stage, state, *rest)  # type: ignore[arg-type]

    over, streak = "max_notional: 24,000 > 20,000 USDT", "loss_streak: 4 losses in a row"
    return (
        row(
            "ema_trend",
            3,
            BTC,
            "paper",
            "on",
            2.5,
            1284.4 + at,
            41,
            "hold long",
            "",
            past(1),
            False,
            won,
            60_000,
        ),
        row("market_maker", 1, SOL, "paper", "on", -31.0, 82.11, 1204, "quote 2 sides", over, past(2)),
        row("ema_trend", 4, ETH, "shadow", "warming", 0.0, 0.0, 0, "", "", past(3, 6)),
        row(
            "breakout",
            2,
            XRP,
            "canary",
            "benched",
            0.0,
            -212.9,
            17,
            "wanted long 900",
            streak,
            past(4),
            False,
            lost,
            300_000,
        ),
        row("funding_carry", 1, BTC, "paper", "off", 0.0, 4.2, 3, "", "", past(5)),
    )


def events(at: int) -> tuple[EventRow, ...]:
    btc, sol, eth, xrp = (f"{base}-USDT-SWAP" for base in ("BTC", "SOL", "ETH", "XRP"))
    bought = {"side": "buy", "qty": "2.5", "symbol": btc, "price": "64,480.0"}
    story: list[tuple[int, str, str, dict[str, str], str]] = [
        (0, "info", "boot.started", {"mode": "practice", "version": "0.1.0"}, ""),
        (1, "good", "reconcile.ok", {"orders": "3", "positions": "3"}, ""),
        (4, "info", "order.sent", bought, "ema_trend@3"),
        (5, "good", "order.filled", bought, "ema_trend@3"),
        (6, "good", "stop.armed", {"symbol": btc, "price": "64,213.5"}, "ema_trend@3"),
        (30, "warn", "rule.trimmed", {"rule": "max_notional", "reason": "24,000 > 20,000"}, "market_maker@1"),
        (44, "warn", "feed.fault", {"symbol": xrp, "what": "gap", "count": "2"}, ""),
        (51, "alarm", "sleeve.benched", {"sleeve": "breakout@2", "reason": "4 losses"}, "breakout@2"),
        (58, "alarm", "stop.missing", {"symbol": sol, "reason": "51000 refused"}, "ema_trend@3"),
        (59, "warn", "order.unknown", {"symbol": eth, "reason": "timeout"}, "ema_trend@3"),
        (60, "info", "funding.paid", {"symbol": btc, "amount": "-1.07", "ccy": "USDT"}, ""),
    ]
    out = [EventRow(T0 - 61_000 + second * 1000, *rest) for second, *rest in story]  # type: ignore[arg-type]
    for index in range(max(0, at // 20 - 40), at // 20):
        args = {
            "side": "sell" if index % 2 else "buy",
            "qty": "120",
            "symbol": sol,
            "price": f"{mid(SOL, index * 20):.2f}",
        }
        level, message = ("good", "order.filled") if index % 3 else ("info", "order.sent")
        out.append(EventRow(T0 + index * 2000, level, message, args, "market_maker@1"))
    return tuple(out)


def sources(age: int) -> tuple[SourceRow, ...]:
    return tuple(
        SourceRow(name, symbol, age + extra, age + extra > 1000, True, faults)
        for symbol, faults in ((BTC, 0), (ETH, 0), (SOL, 1), (XRP, 2))
        for name, extra in (("book", 0), ("trades", 160), ("mark", 420))
    )


def fills(at: int) -> tuple[FillRow, ...]:
    return tuple(
        FillRow(
            T0 - minute * MINUTE, f"f{minute}", f"ema_trend@3/{BTC}", BTC, side, 64_480.0, 2.5, 1.2, False
        )
        for minute, side in ((37, "buy"), (22, "sell"), (9, "buy"))
    )


def _ranked(
    symbol: str,
    place: int,
    price: float,
    terms: dict[str, tuple[float | None, float]],
    level: float,
    risk: list[object],
) -> Candidate:
    """A market whose known terms all rank at ``level``."""
    made = tuple(Term(n, v, 0.5 if v is None else level, w) for n, (v, w) in terms.items())
    return Candidate(symbol, place, sum(t.rank * t.weight for t in made), price, made, *risk)  # type: ignore[arg-type]


def hotlist(at: int) -> HotlistFrame:
    """A scan of an hour ago with what a person made of it."""
    scan = T0 + at * 100 - 12 * MINUTE
    names = ("vol_jump", "turnover", "oi_delta", "funding_z", "regime_shift")
    weights = (0.3, 0.2, 0.2, 0.15, 0.15)
    table = (
        (SOL, 0.81, 171.2, (1.84, 0.97, 0.062, None, 1.0), 155.1, 176.9, 0.041, 7),
        (BTC, 0.62, 64_900.0, (1.21, 0.71, 0.012, 0.44, 0.0), 61_800.0, 66_120.0, 0.022, 13),
        (ETH, 0.44, 3_310.0, (0.93, 0.42, -0.018, -0.8, 0.0), 3_090.0, 3_402.0, 0.027, 10),
        (XRP, 0.31, 0.587, (None, None, None, None, None), None, None, None, 0),
    )
    rows = tuple(
        _ranked(
            symbol,
            place,
            price,
            dict(zip(names, zip(values, weights, strict=True), strict=True)),
            level,
            risk,
        )
        for place, (symbol, level, price, values, *risk) in enumerate(table, start=1)
    )
    return HotlistFrame(
        scan,
        rows,
        42,
        {
            BTC: StandingRow("approved", scan + MINUTE, "screen", 0.62),
            XRP: StandingRow("snoozed", scan + MINUTE, "screen", 0.31, scan + 1440 * MINUTE),
        },
        (
            DecisionRow(scan + 2 * MINUTE, "approve", SOL, "tty3", 0.81, "", "hotlist.newer_scan", {}, False),
            DecisionRow(scan + MINUTE, "snooze", XRP, "screen", 0.31, "", "", {}, False),
            DecisionRow(scan + MINUTE, "approve", BTC, "screen", 0.62, "", "", {}, False),
            DecisionRow(scan, "left", ETH, "machine", 0.71, "hotlist.left.failing", "", {}, False),
        ),
        False,
        False,
        Mood(71.0, "fear_greed", scan - 480 * MINUTE),
    )


def capital(now: int) -> CapitalFrame:
    """A plan that is waiting, with one of each word."""
    hour, row = 60 * MINUTE, CapitalRow
    trend, pair = "ema_trend@1/okx:BTC-USDT-SWAP/1h", "pairs@1/okx:BTC-USDT-SWAP+okx:ETH-USDT-SWAP/1h"
    maker, burst = "market_maker@1/okx:SOL-USDT-SWAP", "breakout@1/okx:ETH-USDT-SWAP/1h"
    rows = (
        row(trend, 0.30, 0.44, 0.35, 0.41, 0.5, 0.021, 410, 61, 0.21, "more", 0, 0.30),
        row(maker, 0.40, 0.31, 0.35, 0.12, 0.3, 0.004, 400, 980, 0.46, "less", 0, 0.50),
        row(burst, 0.20, 0.0, 0.0, 0.0, 0.0, -0.09, 400, 44, 0.97, "rest", 0, 0.20),
        row(pair, 0.0, 0.0, 0.0, 0.0, 0.0, -0.1, 90, 31, 0.95, "resting", now + 70 * hour, 0.20),
        row("momentum@1/okx:XRP-USDT-SWAP/1h", 0.1, 0.1, 0.1, 0.09, 0.1, 0.0, 12, 3, 0.5, "young"),
    )
    when, done = (now - MINUTE, now + 4 * MINUTE), (now - hour, "tty3", True)
    regret = (0.0132, 0.0101, 0.0217, trend, now - 216 * hour)
    return CapitalFrame("thompson", "ask", *when, "5e1f00d5ea15", rows, *done, *regret)


def makers(now: int) -> tuple[MakerRow, ...]:
    """One that earns a spread and gives most of it back, one that has not traded yet."""
    marks = ((1_000, 0.00011, 1180), (5_000, 0.00002, 1175), (30_000, -0.00004, 1160))
    return (
        MakerRow(
            f"market_maker@1/{SOL}", SOL, 8_000.0, -5_320.0, "majors", 6_100.0, 0.0002, 0.0005,
            now - 3 * 86_400_000, 610, 594, 71_300.0, 71_331.0, 1190, 245_000.0, 49.1, 51.4, 242_000.0, marks,
        ),
        MakerRow(f"grid_trading@1/{ETH}/1h", ETH, 10_000.0, 0.0, "", 0.0, -0.00005, 0.0005),
    )  # fmt: skip


def versions(now: int) -> tuple[VersionRow, ...]:
    """A champion, a canary that asks for production, a twin on paper, one whose source has changed."""
    day = 86_400_000
    usual = ("ema_trend", (BTC,), "1h")
    made, none = "candidate", ("", 0, "", (), 0)
    return (
        VersionRow(
            "ema_trend-453e75a0a7", *usual, "prod", now - 90 * day, "settings", "", 88, 0.11, 0.03, 0.04, 31,
            1.2, 1.0, 1.4, 1.0, *none, "", 0, ("ema_trend@1/" + BTC + "/1h",), 301.5,
        ),
        VersionRow(
            "ema_trend-bbc0fe486b", *usual, "canary", now - 55 * day, made, "ema_trend-453e75a0a7", 55, 0.19,
            0.028, 0.012, 24, 1.1, 0.9, 1.0, 23.5, "prod", now - 60_000, "ann", ("bob",), 2, "", 0,
            ("ema_trend@1.bbc0fe486b/" + BTC + "/1h",), 24.5, 0.5, 0.05,
        ),
        VersionRow(
            "ema_trend-0011aabbcc", *usual, "paper", now - 3 * day, made, "", 3, -0.4, -0.003, 0.006, 2, 0.0,
            1.0, 1.3, 1.0, *none, "", 0, (), 0.0,
        ),
        VersionRow(
            "market_maker-9020db65b1", "market_maker", (SOL,), "", "retired", now - day, made, "", 0, 0.0,
            0.0, 0.0, 0, 0.0, 0.0, 1.0, 1.0, *none, "source has changed", now + day, (), -3.0,
        ),
    )  # fmt: skip


def jobs(now: int) -> tuple[JobRow, ...]:
    """One in each state that matters."""
    hour = 60 * MINUTE
    due, last = now + 9 * hour, now - MINUTE
    return (
        JobRow("backup", "data", "0 */6 * * *", "", "ready", now + hour, now - 5 * hour, "done", "cron"),
        JobRow("nightly", "optimize", "10 0 * * *", "decay,regime", "running", due, last, "running", "event"),
        JobRow("doctor", "doctor", "", "breaker", "off", 0, now - 26 * hour, "failed", "hand: person"),
    )


def frame(at: int = 0, **changes: object) -> Frame:
    """The synthetic frame ``at`` tenths of a second after T0."""
    age = int(changes.pop("age", 40))  # type: ignore[call-overload]
    built = Frame(
        seq=at,
        ts=T0 + at * 100,
        wall=T0 + at * 100,
        mode="PRACTICE",
        venue="SIM",
        posture="NORMAL",
        currency="USDT",
        equity=100_203.44 + at * 0.7,
        cash=99_000.0,
        day_pnl=1_204.37 + at * 0.7,
        drawdown=0.013,
        realised=12.5,
        unrealised=1190.0,
        fees=14.2,
        funding=-1.07,
        symbols=(BTC, ETH, SOL, XRP),
        books=tuple(book(symbol, at, age=age, ok=symbol != XRP) for symbol in (BTC, ETH, SOL, XRP)),
        trades=tuple(trades(BTC, at) + trades(SOL, at)),
        candles={f"{symbol}|{MINUTE}": candles(symbol, at) for symbol in (BTC, ETH, SOL)},
        positions=positions(at, age),
        orders=orders(at),
        fills=fills(at),
        sleeves=sleeves(at),
        events=events(at),
        sources=sources(age),
        jobs=jobs(T0 + at * 100),
        capital=capital(T0 + at * 100),
        versions=versions(T0 + at * 100),
        limits=(
            LimitRow("max_leverage", 1.04, 3.0, "x"),
            LimitRow("max_notional", 16_400.0, 20_000.0, "USDT"),
            LimitRow("order_rate", 63, 120, "/min"),
            LimitRow("daily_loss", 0.0, 3_000.0, "USDT"),
        ),
        health=Health(2.6, 38.0, 1234.0, 2, 17, 48_210, 3.1, 142.0, 3_600_000),
        links={"market": True, "orders": True, "private": True},
        speed="",
        ended=False,
        reconciled=True,
        hotlist=hotlist(at),
        makers=makers(T0 + at * 100),
        contracts={BTC: (0.01, "BTC"), ETH: (0.1, "ETH"), SOL: (1.0, "SOL"), XRP: (100.0, "XRP")},
        fuses=fuses(),
    )
    return msgspec.structs.replace(built, **changes)


def fuses() -> tuple[FuseRow, ...]:
    """A breaker that has tripped, and a sleeve that is benched."""
    xrp = f"breakout@2/{XRP}"
    return (
        FuseRow("breaker", "flash", XRP, "delever", "moved 2.4% in 60 s, limit 2.0%", T0 + 15 * MINUTE),
        FuseRow("bench", "", xrp, "", "loss_streak: 4 losses in a row"),
    )


def halted(phase: str, **changes: object) -> Halt:
    """A halt in one of its phases."""
    built = Halt(T0 - 2000, "tty3", phase, 3, 2, False, T0 if phase == "confirmed" else 0, "")
    return msgspec.structs.replace(built, **changes)


def audit_rows() -> list[AuditRow]:
    """A wish, what the gate made of it, its orders and fills, a halt, and somebody's news; newest first."""
    trend, maker = f"ema_trend@3/{BTC}/1h", f"market_maker@1/{SOL}"
    table = (
        (0, "command", "", "", "", "halt", "screen", {}),
        (4, "news", trend, BTC, "ckp001000000042", "good", "order.filled", _FILLED),
        (4, "fill", trend, BTC, "ckp001000000042", "buy", "2.5 @ 64480 taker, fee 1.2 USDT", {}),
        (5, "order", trend, BTC, "ckp001000000042", "entry", "limit buy 2.5 @ 64480", {}),
        (5, "gate", trend, BTC, "", "max_notional trim", "target 3 → target 2.5  193,440 > 161,200 USDT", {}),
        (5, "signal", trend, BTC, "", "trend-up", "target 3 stop 63200 (trend-up)", {}),
        (9, "amend", maker, SOL, "ckp002000000007", "mm.quote", "120 @ 171.52", {}),
        (9, "cancel", maker, SOL, "ckp002000000006", "cancel", "quote moved", {}),
        (14, "gate", maker, SOL, "", "stale_data block", "buy 120 @ 171.5 → nothing  book is 4.2 s old", {}),
        (31, "ask", "", "", "", "account", "start", {}),
        (32, "boot", "", "", "", "practice", "0.1.0 #3", {}),
    )
    return [AuditRow(900 - n, 0, T0 - back * 1000, *row) for n, (back, *row) in enumerate(table)]  # type: ignore[arg-type]


_FILLED = {"side": "buy", "qty": "2.5", "symbol": BTC, "price": "64480"}


def audit(args: dict[str, str]) -> dict[str, Any]:
    """As the engine answers, in one page."""
    ask = wanted(args)
    below = int(args.get("before", 1 << 60)), int(args.get("after", 0))
    rows = [row for row in audit_rows() if ask.matches(row) and below[1] < row.seq < below[0]]
    return {"rows": rows, "before": 0, "done": True}


def explained(args: dict[str, str]) -> dict[str, Any]:
    """The chain of the order, or the step."""
    if "cid" not in args:
        rows = [row for row in audit_rows() if str(row.seq) == args["seq"]]
        return {"seq": int(args["seq"]), "ts": T0, "event": f"bar symbol={BTC} close=64481.2", "rows": rows}
    return {
        "cid": args["cid"],
        "sleeve": f"ema_trend@3/{BTC}/1h",
        "symbol": BTC,
        "because": {"seq": 895, "ts": T0 - 5000, "event": f"bar symbol={BTC} tf=3600000 close=64481.2"},
        "decided": {"seq": 895, "ts": T0 - 5000, "cause": "bar"},
        "wanted": [{"wish": "target 3", "tag": "trend-up", "confidence": 1.0}],
        "verdicts": [
            {
                "rule": "max_notional",
                "action": "trim",
                "before": "target 3",
                "after": "target 2.5",
                "reason": "193,440 > 161,200 USDT",
            }
        ],
        "order": {
            "side": "buy",
            "kind": "limit",
            "role": "entry",
            "qty": "2.5",
            "price": "64480",
            "trigger": None,
            "reduce_only": False,
            "state": "filled",
            "filled": "2.5",
            "journalled": True,
            "reason": "",
        },
        "fills": [
            {
                "ts": T0 - 4000,
                "price": "64480",
                "qty": "2.5",
                "fee": "1.2",
                "fee_ccy": "USDT",
                "maker": False,
                "note": "",
            }
        ],
    }


def link(shown: Frame | None = None, **how: bool) -> FixedLink:
    """A link to an engine that never moves and answers questions about its journal."""
    made = FixedLink(shown or frame(300), **how)
    made.answering = {"audit": audit, "explain": explained}
    return made


class Pasts:
    """Rebuilds nothing: a frame of its own for each moment, at once."""

    def __init__(self) -> None:
        self.asked: list[dict[str, int]] = []
        self.closed = False
        self._frame: Frame | None = None
        self._sheet = PastSheet()

    def go(self, *, ts: int = 0, seq: int = 0, by: int = 0, ms: int = 0) -> None:
        self.asked.append({name: n for name, n in (("ts", ts), ("seq", seq), ("by", by), ("ms", ms)) if n})
        before = self._sheet
        moment = ts or (before.ts + by * 1000 + ms if before.ts else T0 - 60_000)
        shown = frame(max(0, (moment - T0) // 100 + 900))
        number = seq or before.seq + by or 500
        self._frame = msgspec.structs.replace(shown, ts=moment, seq=number, equity=77_000.0)
        self._sheet = PastSheet(True, moment, number, T0 - 3_600_000, T0)

    def fail(self, words: str) -> None:
        self._sheet = msgspec.structs.replace(self._sheet, fault=words)

    def sheet(self) -> PastSheet:
        return self._sheet

    def frame(self) -> Frame | None:
        return self._frame

    def close(self) -> None:
        self.closed = True


def lab() -> LabSheet:
    """A run under way, two finished ones, a study and a failure."""
    points = 120
    ts = tuple(T0 - (points - n) * 86_400_000 for n in range(points))
    trend = tuple(10_000 + 40 * n + 900 * sin(n / 9) + 200 * noise(5, n) for n in range(points))
    flat = tuple(10_000 + 12 * n + 500 * sin(n / 6) + 150 * noise(6, n) for n in range(points))
    held = tuple(10_000 + 25 * n + 1500 * sin(n / 14) for n in range(points))
    rows = (
        LabRow("going:g1", "running", f"market_maker@{SOL}", "l2.tape", T0, 0.42, 95.0, 0.004),
        LabRow(
            "run:r2",
            "done",
            f"ema_trend@{BTC}",
            "btc.tape",
            T0 - MINUTE,
            1.0,
            None,
            0.48,
            1.31,
            0.52,
            0.14,
            61,
        ),
        LabRow(
            "study:s1",
            "done",
            f"ema_trend@{BTC}",
            "btc.tape",
            T0 - 9 * MINUTE,
            1.0,
            None,
            0.61,
            1.7,
            0.55,
            0.12,
            200,
        ),
        LabRow(
            "run:r1",
            "done",
            f"breakout@{ETH}",
            "eth.tape",
            T0 - 70 * MINUTE,
            1.0,
            None,
            0.14,
            0.44,
            0.5,
            0.22,
            33,
        ),
        LabRow(
            "going:g0", "failed", f"pairs@{BTC}", "x.tape", T0 - 99 * MINUTE, 0.0, why="no tape at x.tape"
        ),
    )
    numbers = (("Return", "+48.00%"), ("Sharpe, yearly", "1.31 ± 0.52"), ("Worst drawdown", "14.00%"))
    others = (("Return", "+14.00%"), ("Sharpe, yearly", "0.44 ± 0.50"), ("Worst drawdown", "22.00%"))
    names = tuple(f"{5 + 3 * n}" for n in range(8))
    cells = tuple(
        tuple(None if (x + y) % 7 == 6 else 1.2 - (x - 4) ** 2 / 9 - (y - 2) ** 2 / 12 for x in range(8))
        for y in range(6)
    )
    strips = (
        Strip("ema_fast", 0.41, "8", "14", (0.1, 0.6, 1.1, 0.9, 0.5, 0.2)),
        Strip("stop_atr", 0.12, "1.5", "2.4", (0.4, 0.5, 0.7, 0.6, 0.5, 0.4)),
        Strip("ema_slow", None, "", "", (None, 0.5)),
    )
    details = {
        "going:g1": LabDetail("going:g1", ts[:50], flat[:50], (), (("Progress", "42%"),)),
        "run:r2": LabDetail("run:r2", ts, trend, held, numbers, ("fewer than 30 round trips",)),
        "run:r1": LabDetail("run:r1", ts, flat, held, others),
        "study:s1": LabDetail(
            "study:s1", (1, 12, 60, 140), (0.4, 0.9, 1.5, 1.7), (), (("method", "tpe"), ("best", "#140 1.7")),
            ("200 tries: the best is too good",), strips,
            LabHeat("ema_fast", "stop_atr", names, names[:6], cells),
        ),
        "going:g0": LabDetail("going:g0", warnings=("no tape at x.tape",)),
    }  # fmt: skip
    tapes = (LabTape("/tapes/btc.tape", (BTC,)), LabTape("/tapes/all.tape", (BTC, ETH, SOL, XRP)))
    return LabSheet(rows, details, tapes, True)


class Labs:
    """A lab whose answers are always there."""

    def __init__(self) -> None:
        self.now = lab()
        self.asked: list[tuple[str, ...]] = []
        self.begun: list[tuple[str, str]] = []
        self.failed: list[str] = []
        self.closed = False

    def ask(self, wanted: tuple[str, ...]) -> None:
        self.asked.append(wanted)

    def sheet(self) -> LabSheet:
        return self.now

    def backtest(self, sleeve: str, tape: str) -> None:
        self.begun.append((sleeve, tape))

    def failures(self) -> list[str]:
        taken, self.failed = self.failed, []
        return taken

    def close(self) -> None:
        self.closed = True


class Logs:
    """A log to which a test adds lines."""

    def __init__(self) -> None:
        words = (
            ("INFO", "#1 engine 0.1.0 started, practice"),
            ("WARNING", "#812 rule.trimmed max_notional: 24,000 > 20,000 USDT"),
            ("INFO", "#813 buy 120 SOL-USDT-SWAP at 171.71 sent"),
            ("ERROR", "#900 stop of ETH-USDT-SWAP is missing: placed anew"),
        )
        self.fresh = [LogLine(n, f"08:04:0{n}.120", *row) for n, row in enumerate(words, start=1)]
        self.fault = ""

    def add(self, *words: str, level: str = "INFO") -> None:
        first = self.last + 1
        self.fresh += [LogLine(first + n, "08:05:00.000", level, text) for n, text in enumerate(words)]

    last = 4

    def read(self) -> tuple[LogLine, ...]:
        if self.fault:
            raise OSError(2, self.fault)
        taken, self.fresh = tuple(self.fresh), []
        self.last = taken[-1].number if taken else self.last
        return taken


def facts() -> tuple[float, tuple[tuple[str, str], ...]]:
    """A process of a moderate size."""
    return 71.0, (
        ("cockpit", "0.1.0"),
        ("Python", "3.11.7"),
        ("textual", "8.2.8"),
        ("system", "Linux x86_64"),
    )
