"""Run by a Python with nautilus_trader 1.231 or newer: its OKX clients trade at the exchange named by a
ready line on stdin. Prints one JSON object with what they saw. Not a test module itself.
"""

import asyncio
import json
import sys
from collections import Counter
from typing import Any


async def main(ready: dict[str, Any]) -> dict[str, Any]:
    from nautilus_trader.core import nautilus_pyo3 as p

    okx, account = p.okx, ready["accounts"][1]
    swap, demo = okx.OKXInstrumentType.SWAP, okx.OKXEnvironment.DEMO
    credentials = {
        "api_key": account["key"],
        "api_secret": account["secret"],
        "api_passphrase": account["passphrase"],
    }
    http = okx.OKXHttpClient(**credentials, base_url=ready["rest"], environment=demo)
    found, codes = await http.request_instruments(swap)
    instruments = {str(i.id): i for i in found}
    for instrument in found:
        http.cache_instrument(instrument)
    owner, swap_id = p.AccountId("OKX-001"), p.InstrumentId.from_str("BTC-USDT-SWAP.OKX")
    state = await http.request_account_state(owner)
    bars = await http.request_bars(p.BarType.from_str("BTC-USDT-SWAP.OKX-1-MINUTE-LAST-EXTERNAL"))
    price = float(str((await http.request_mark_price(swap_id)).value))
    market: list[Any] = []
    public = okx.OKXWebSocketClient(url=ready["public"], account_id=owner)
    loop = asyncio.get_running_loop()
    await public.connect(loop, found, market.append)
    for name in ("book", "quotes", "ticker", "mark_prices", "index_prices", "funding_rates", "book_depth5"):
        await getattr(public, f"subscribe_{name}")(swap_id)
    await public.subscribe_trades(swap_id, False)
    heard: list[Any] = []
    private = okx.OKXWebSocketClient.with_credentials(url=ready["private"], **credentials, account_id=owner)
    await private.connect(loop, found, heard.append)
    private.cache_inst_id_codes(codes)
    await private.subscribe_orders(swap)
    await private.subscribe_account()
    who = (p.TraderId("T-001"), p.StrategyId("S-001"), swap_id)
    instrument, cross = instruments["BTC-USDT-SWAP.OKX"], okx.OKXTradeMode.CROSS
    low = instrument.make_price(price * 0.98)
    await private.submit_order(
        *who, cross, p.ClientOrderId("naut1"), p.OrderSide.BUY, p.OrderType.LIMIT, instrument.make_qty(1.0),
        p.TimeInForce.GTC, low,
    )  # fmt: skip
    await asyncio.sleep(0.5)
    await private.submit_order(
        *who, cross, p.ClientOrderId("naut2"), p.OrderSide.BUY, p.OrderType.MARKET, instrument.make_qty(2.0)
    )
    await asyncio.sleep(0.5)
    await private.cancel_order(*who, p.ClientOrderId("naut1"))
    stop = await http.place_algo_order(
        *who,
        cross,
        p.ClientOrderId("stop1"),
        p.OrderSide.SELL,
        p.OrderType.STOP_MARKET,
        instrument.make_qty(1.0),
        instrument.make_price(price * 0.9),
    )
    await asyncio.sleep(1.5)
    orders = await http.request_order_status_reports(owner, swap)
    fills = await http.request_fill_reports(owner, swap)
    positions = await http.request_position_status_reports(owner, swap)
    algos = await http.request_algo_order_status_reports(owner, swap)
    await public.close()
    await private.close()
    return {
        "instruments": sorted(instruments),
        "balances": len(state.balances),
        "bars": len(bars),
        "market": len(market),
        "heard": Counter(type(event).__name__ for event in heard),
        "orders": sorted(str(report.order_status) for report in orders),
        "fills": len(fills),
        "positions": [str(report.quantity) for report in positions],
        "stop": stop["s_code"],
        "algos": len(algos),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(json.loads(sys.stdin.readline())))))
