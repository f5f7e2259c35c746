"""Budget, codes, request bodies, endpoints, secrets: the parts that decide whether an order may leave."""

from __future__ import annotations

import asyncio
import copy
import pickle
import traceback
from collections import deque
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.connectivity.verdict import Verdict
from cockpit.adapters.okx import requests
from cockpit.adapters.okx.budget import LIMITS, MARGIN_S, Budget
from cockpit.adapters.okx.codes import Reply, judge, judge_each, verdict
from cockpit.adapters.okx.endpoints import endpoints
from cockpit.adapters.okx.frames import Arg
from cockpit.adapters.okx.short import Short
from cockpit.adapters.okx.sign import login
from cockpit.adapters.okx.topics import Phase, Topic, Watch
from cockpit.adapters.secret import Credentials, Secret
from cockpit.core.errors import ConfigError, Transient, VenueError
from cockpit.core.intents import Amend, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import Instrument, Kind, MarginMode, PosSide, Side

CANARY = "canary-3f9a-secret"


class Hands:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.floats(0, 0.4), st.booleans()), max_size=300))
def test_no_two_seconds_ever_hold_more_than_the_limit(steps: list[tuple[float, bool]]) -> None:
    clock = Hands()
    budget = Budget(clock)
    size, seconds = LIMITS["trade/order-algo"]
    sent: deque[float] = deque()
    ordinary: deque[float] = deque()
    for pause, urgent in steps:
        clock.now += pause
        while sent and sent[0] <= clock.now - seconds:
            sent.popleft()
        while ordinary and ordinary[0] <= clock.now - seconds:
            ordinary.popleft()
        if budget.wait("trade/order-algo", "X", urgent=urgent):
            continue
        asyncio.run(budget.spend("trade/order-algo", "X", urgent=urgent))
        sent.append(clock.now)
        assert len(sent) <= size
        if not urgent:
            # Ordinary work never makes the window fuller than four fifths.
            assert len(sent) <= size * 0.8


def test_a_fifth_is_kept_for_what_lowers_risk() -> None:
    budget = Budget(Hands())

    async def story() -> None:
        for _ in range(48):
            await budget.spend("trade/order", "BTC-USDT-SWAP")
        with pytest.raises(Transient, match="rate budget"):
            await budget.spend("trade/order", "BTC-USDT-SWAP", patience=0.0)
        for _ in range(12):
            await budget.spend("trade/order", "BTC-USDT-SWAP", urgent=True, patience=0.0)
        assert budget.wait("trade/order", "BTC-USDT-SWAP", urgent=True) == pytest.approx(2.0 + MARGIN_S)
        assert not budget.wait("trade/order", "ETH-USDT-SWAP")  # another instrument has its own
        assert not budget.wait("trade/cancel-order", "BTC-USDT-SWAP")  # and cancels theirs

    asyncio.run(story())


def test_a_venue_that_says_full_is_believed() -> None:
    budget = Budget(Hands())
    budget.exhausted("trade/order", "BTC-USDT-SWAP")
    assert budget.wait("trade/order", "BTC-USDT-SWAP", urgent=True) > 1.9


def test_the_account_cap_counts_all_instruments() -> None:
    clock = Hands()
    budget = Budget(clock)

    async def story() -> None:
        for n in range(800):
            await budget.spend("trade/order", f"I{n % 20}")
        assert budget.wait("trade/order", "FRESH") > 0
        assert not budget.wait("trade/order", "FRESH", urgent=True)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0", Verdict.DONE),
        ("51410", Verdict.DONE),
        ("50011", Verdict.TRANSIENT),
        ("50001", Verdict.TRANSIENT),
        ("50036", Verdict.TRANSIENT),
        ("50004", Verdict.AMBIGUOUS),
        ("51054", Verdict.AMBIGUOUS),
        ("51149", Verdict.AMBIGUOUS),
        ("51016", Verdict.AMBIGUOUS),
        ("51008", Verdict.REFUSED),
        ("99999", Verdict.REFUSED),
    ],
)
def test_codes(code: str, expected: Verdict) -> None:
    assert verdict(code) is expected


def test_the_item_has_the_last_word() -> None:
    failed = Reply(code="1", msg="", data=[{"sCode": "51008", "sMsg": "Insufficient", "clOrdId": "ck1"}])
    assert judge(failed).verdict is Verdict.REFUSED
    assert judge(failed).code == "51008"
    liar = Reply(code="0", msg="", data=[{"sCode": "51008", "sMsg": ""}])
    assert judge(liar).verdict is Verdict.REFUSED
    assert judge(Reply()).verdict is Verdict.AMBIGUOUS


@given(st.data())
def test_every_item_of_a_batch_has_its_own_word(data: st.DataObject) -> None:
    """Whatever order the rows come in and whichever are missing: nobody gets another's verdict."""
    ids = [f"ck{n}" for n in range(data.draw(st.integers(2, 6)))]
    codes = {cid: data.draw(st.sampled_from(["0", "51008", "51149", "50011", "51016"])) for cid in ids}
    told = data.draw(st.permutations(ids))[: data.draw(st.integers(1, len(ids)))]
    key = data.draw(st.sampled_from(["clOrdId", "ordId"]))
    reply = Reply(code="2", data=[{key: cid, "sCode": codes[cid]} for cid in told])
    for cid, answer in zip(ids, judge_each(reply, [{key: cid} for cid in ids]), strict=True):
        assert answer.verdict is (verdict(codes[cid]) if cid in told else Verdict.AMBIGUOUS)


def test_a_batch_without_ids_is_in_the_order_of_the_request() -> None:
    asked = [{"clOrdId": "a"}, {"clOrdId": "b"}]
    rows = [{"clOrdId": "", "sCode": "50014"}, {"clOrdId": "b", "sCode": "0"}]
    words = judge_each(Reply(code="2", data=rows), asked)
    assert [word.code for word in words] == ["50014", "0"]
    words = judge_each(Reply(code="2", data=[{"sCode": "0"}]), asked)  # of which of the two?
    assert {word.verdict for word in words} == {Verdict.AMBIGUOUS}
    words = judge_each(Reply(code="0", data=[]), asked)
    assert {word.verdict for word in words} == {Verdict.AMBIGUOUS}
    words = judge_each(Reply(code="50011", msg="Too many"), asked)
    assert [word.verdict for word in words] == [Verdict.TRANSIENT] * 2
    words = judge_each(Reply(code="2", data=[{"clOrdId": "a"}, {"clOrdId": "b", "sCode": "0"}]), asked)
    assert [word.verdict for word in words] == [Verdict.AMBIGUOUS, Verdict.DONE]


SWAP = Instrument(
    "okx:BTC-USDT-SWAP", Kind.LINEAR, "BTC", "USDT", "USDT", Decimal("0.1"), Decimal("0.01"), Decimal("0.01")
)
SPOT = msgspec.structs.replace(SWAP, symbol="okx:BTC-USDT", kind=Kind.SPOT)


def wish(kind: OrderKind = OrderKind.LIMIT, **changes: object) -> Place:
    fields: dict[str, object] = {
        "cid": "ckd001000000001",
        "sleeve": "s",
        "symbol": "okx:BTC-USDT-SWAP",
        "side": Side.BUY,
        "kind": kind,
        "qty": Decimal("1E+1"),
        "price": Decimal("61200.0"),
        "trigger": None,
        "take": None,
        "callback": None,
        "reduce_only": False,
        "pos_side": PosSide.NET,
        "role": Role.ENTRY,
        "tag": "",
    }
    return Place(**{**fields, **changes})  # type: ignore[arg-type]


def test_bodies() -> None:
    body = requests.place(wish(), SWAP, MarginMode.CROSS, hedge=False)
    assert body == {
        "tdMode": "cross", "side": "buy", "ordType": "limit", "sz": "10", "tag": "ckin",
        "clOrdId": "ckd001000000001", "px": "61200.0",
    }  # fmt: skip
    market = requests.place(wish(OrderKind.MARKET, price=None), SPOT, MarginMode.CROSS, hedge=False)
    assert (market["tdMode"], market["tgtCcy"]) == ("cash", "base_ccy")
    assert "px" not in market
    stop = wish(
        OrderKind.STOP,
        price=None,
        trigger=Decimal(59000),
        reduce_only=True,
        role=Role.PROTECT,
        side=Side.SELL,
    )
    waits = requests.place(stop, SWAP, MarginMode.ISOLATED, hedge=False)
    assert (waits["ordType"], waits["slTriggerPx"], waits["slOrdPx"]) == ("conditional", "59000", "-1")
    assert (waits["slTriggerPxType"], waits["reduceOnly"], waits["tag"]) == ("mark", True, "ckstop")
    assert waits["algoClOrdId"] == "ckd001000000001"
    for watch in ("last", "index"):
        named = msgspec.structs.replace(stop, watch=watch)
        assert requests.place(named, SWAP, MarginMode.CROSS, hedge=False)["slTriggerPxType"] == watch
    hedged = requests.place(
        msgspec.structs.replace(stop, pos_side=PosSide.LONG), SWAP, MarginMode.CROSS, hedge=True
    )
    assert hedged["posSide"] == "long"
    assert "reduceOnly" not in hedged
    oco = requests.place(
        wish(OrderKind.OCO, price=None, trigger=Decimal(5), take=Decimal(9)),
        SWAP,
        MarginMode.CROSS,
        hedge=False,
    )
    assert (oco["slTriggerPx"], oco["tpTriggerPx"], oco["tpOrdPx"]) == ("5", "9", "-1")
    trail = requests.place(
        wish(OrderKind.TRAIL, price=None, callback=Decimal("0.01")), SWAP, MarginMode.CROSS, hedge=False
    )
    assert (trail["ordType"], trail["callbackRatio"]) == ("move_order_stop", "0.01")
    trigger = requests.place(wish(OrderKind.TRIGGER, trigger=Decimal(7)), SPOT, MarginMode.CROSS, hedge=False)
    assert (trigger["triggerPx"], trigger["orderPx"], trigger["triggerPxType"]) == ("7", "61200.0", "last")
    with pytest.raises(VenueError, match="no trigger"):
        requests.place(wish(OrderKind.STOP), SWAP, MarginMode.CROSS, hedge=False)
    assert requests.amend(Amend("ck1", "okx:X", Decimal("0.00000001"), Decimal(2))) == {
        "clOrdId": "ck1", "newPx": "0.00000001", "newSz": "2",
    }  # fmt: skip


def test_only_entries_carry_the_dead_mans_tag() -> None:
    tags = {
        role: requests.place(wish(role=role), SWAP, MarginMode.CROSS, hedge=False)["tag"] for role in Role
    }
    assert len(set(tags.values())) == 3


def test_addresses() -> None:
    assert endpoints("global", demo=True).stream("private") == "wss://wspap.okx.com:8443/ws/v5/private"
    assert endpoints("eea", demo=False).rest == "https://eea.okx.com"
    here = endpoints("global", demo=True, rest="http://127.0.0.1:1/", socket="ws://127.0.0.1:1/ws/v5")
    assert here.stream("public") == "ws://127.0.0.1:1/ws/v5/public"
    plain = {"rest": "http://okx.example", "socket": "ws://okx.example"}  # keys in plain text
    for wrong in ({"rest": "http://x"}, {"rest": "ftp://x", "socket": "ws://x"}, plain):
        with pytest.raises(ConfigError):
            endpoints("global", demo=True, **wrong)
    with pytest.raises(ConfigError, match="moon"):
        endpoints("moon", demo=True)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret(CANARY)
    keys = Credentials("okx", "demo", "trade", secret, secret, secret)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>40}",
        f"{secret!r}",
        repr(keys),
        str([secret]),
    ]
    shown.append(str(vars(Secret)))
    with pytest.raises(TypeError) as refused:
        pickle.dumps(keys)
    shown.append("".join(traceback.format_exception(refused.value)))
    for encode in (msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError) as refused:
            encode(keys)
        shown.append(str(refused.value))
    assert not [text for text in shown if CANARY in text]
    assert copy.deepcopy(secret).reveal() == CANARY
    assert not hasattr(secret, "__dict__")
    assert login(keys, 1_772_600_767_089)["args"][0]["timestamp"] == "1772600767"


def test_each_push_finds_the_reader_of_its_own_subscription_whoever_spoke_before_it() -> None:
    heard: list[tuple[str, bytes]] = []

    def reader(arg: Arg) -> Callable[[bytes], int]:
        def lean(raw: bytes) -> int:
            heard.append((arg.inst_id, raw))
            return 0

        return lean

    def bug(_raw: bytes) -> None:
        raise AssertionError

    short = Short(reader, lambda raw: heard.append(("general", raw)), bug)
    pushes = {}
    watches = {}
    for inst in ("BTC-USDT", "BTC-USDT-SWAP"):
        pushes[inst] = b'{"arg":{"channel":"trades","instId":"%s"},"data":[]}' % inst.encode()
        watches[inst] = Watch(Topic("trades", inst))
        short.take(pushes[inst], 1.0)
        short.learn(pushes[inst], Arg("trades", inst), watches[inst])
        watches[inst].move(Phase.HEARD, 1.0)
    stranger = b'{"arg":{"channel":"trades","instId":"BTC-USDT","instType":"SPOT"},"data":[]}'
    heard.clear()
    order = [
        "BTC-USDT",
        "BTC-USDT",
        "general",
        "BTC-USDT",
        "BTC-USDT-SWAP",
        "BTC-USDT-SWAP",
        "general",
        "BTC-USDT",
    ]
    for who in order:
        short.take(pushes.get(who, stranger), 2.0)
    assert heard == [(who, pushes.get(who, stranger)) for who in order]
    watches["BTC-USDT"].move(Phase.ASKED, 3.0)  # not heard: nothing goes the short way
    short.take(pushes["BTC-USDT"], 3.0)
    assert heard[-1] == ("general", pushes["BTC-USDT"])
    again: list[bytes] = []
    short._lean = lambda _arg: lambda raw: again.append(raw) or 0
    short.learn(pushes["BTC-USDT"], Arg("trades", "BTC-USDT"), watches["BTC-USDT"])
    watches["BTC-USDT"].move(Phase.HEARD, 4.0)
    short.take(pushes["BTC-USDT"], 4.0)
    assert again == [pushes["BTC-USDT"]]  # the newest reader, not the one that was remembered
