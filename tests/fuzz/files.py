"""Files: settings, themes, tapes, journals, backups, and everything a data directory keeps for itself."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import msgspec

from cockpit.adapters import readings
from cockpit.adapters.importers.intake import import_source
from cockpit.adapters.keys import KeyFile
from cockpit.adapters.okx_exchange.faults import Faults
from cockpit.adapters.secret import Secret
from cockpit.adapters.store import journal_read, tape
from cockpit.adapters.store.journal import Batch, Head, write
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.schema import migrate
from cockpit.app import capital, going, ledgers, market, offers, passports, runs, scanning, settings, studies
from cockpit.app.drills import playing
from cockpit.app.jobs import watching
from cockpit.app.jobs.records import Records
from cockpit.app.keeping import anchors, backup
from cockpit.app.okx import Born, kept
from cockpit.app.settings_file import FILE
from cockpit.app.simulated import measured
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.errors import CockpitError, ConfigError, StoreError, TapeError
from cockpit.core.events import decode
from cockpit.core.intents import OUTCOME_DECODER
from cockpit.core.matching import saved
from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.proof import passport
from cockpit.lab.trial_ledger import record
from cockpit.lab.trial_ledger.chain import Ledger
from cockpit.tui import layouts, theme
from cockpit.tui import memory as screen_memory
from tests.adapters import journal_rows as made
from tests.app.tapes import swinging
from tests.fuzz.example import example
from tests.fuzz.mutate import of_bytes, of_msgpack
from tests.fuzz.target import Target, add
from tests.fuzz.venues import said

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Thousands of small files wear no disk there."""


@cache
def folder() -> Path:
    """One folder for all inputs: each overwrites the one before it."""
    made = tempfile.mkdtemp(prefix="cockpit-fuzz-", dir=MEMORY)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return Path(made)


def place(name: str) -> Path:
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def written(name: str, raw: bytes) -> Path:
    path = place(name)
    path.write_bytes(raw)
    path.chmod(0o600)
    return path


def of_file(name: str, use: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Feeds by way of a file."""
    return lambda raw: use(written(name, raw))


# --- settings -------------------------------------------------------------------------------------

TOML = (
    settings.shipped(FILE).read_bytes(),
    b'[run]\nfeed = "okx"\nequity = 5_000.0\n[[sleeves]]\nstrategy = "ema_trend"\nsymbol = "okx:BTC-USDT-SWAP"\n'
    b'params = {ema_fast = 5}\nstops = [{layer = "chandelier", n = 22, k = 3.0}]\n[screen.keymap]\nhalt = ["f9"]\n',
    b'[[jobs]]\nname = "x"\nrun = ["backup"]\ncron = "0 3 * * *"\n[release.people]\nann = "approver"\n',
)
add(
    Target(
        "settings",
        ("cockpit/app/settings.py", "cockpit/app/settings_file.py"),
        TOML,
        of_file("cockpit.toml", lambda path: settings.load(path, {})),
        (ConfigError,),
        of_bytes,
        weight=0.3,
    )
)
add(
    Target(
        "settings_kept",
        ("cockpit/app/settings.py",),
        (b"{}", b'{"run":{"equity":5.0}}'),
        of_file("settings/0.json", lambda path: settings.kept("0", path.parent.parent)),
    )
)
add(
    Target(
        "theme",
        ("cockpit/tui/theme.py",),
        tuple(path.read_bytes() for path in sorted(theme.shipped().glob("*.toml"))[:2]),
        of_file("x.toml", theme.read),
        (ConfigError,),
        of_bytes,
        weight=0.5,
    )
)
add(
    Target(
        "layout",
        ("cockpit/tui/layouts.py",),
        (
            b'version = 1\n[desk]\nnormal = ["24 = 16 book | 17 chart 7, positions 9", "+ orders, events"]\n',
            b'[risk]\nnarrow = ["5 = 1 limits", "5 = 2 why | 3 ladder"]\nwide = ["1 = 1 events"]\n',
        ),
        of_file("x.toml", layouts.load),
        (ConfigError,),
        of_bytes,
        weight=0.5,
    )
)
add(
    Target(
        "screen_memory",
        ("cockpit/tui/memory.py",),
        (b"{}", msgspec.json.encode(screen_memory.Memory())),
        of_file("screen.json", screen_memory.recall),
    )
)

# --- what a data directory keeps ------------------------------------------------------------------

RUN = {"seed": 7, "rate": 1.0, "start_ms": 5}
KEPT: tuple[tuple[str, str, str, Any, tuple[type[CockpitError], ...]], ...] = (
    ("anchors", "cockpit/app/keeping/anchors.py", "a.jsonl", anchors.kept, (StoreError,)),
    (
        "fault_script",
        "cockpit/adapters/okx_exchange/faults.py",
        "f.json",
        lambda p: Faults().load(p, 0),
        (ConfigError,),
    ),
    (
        "born",
        "cockpit/app/okx.py",
        "okx.json",
        lambda p: kept(p.parent, Born(1, "demo", "1")),
        (ConfigError,),
    ),
    (
        "jobs",
        "cockpit/app/jobs/records.py",
        "jobs/edits.json",
        lambda p: Records(p.parent.parent),
        (StoreError,),
    ),
    ("latency", "cockpit/app/simulated.py", "l.csv", measured, (ConfigError,)),
    ("moods", "cockpit/adapters/readings.py", "m.csv", readings.moods, (TapeError,)),
    (
        "passport_file",
        "cockpit/lab/proof/passport.py",
        "p.json",
        lambda p: passport.decoded(p.read_bytes()),
        (),
    ),
)
SEEDS = {
    "anchors": said({"at": 1, "journal": "practice/cockpit.db", "heads": {"fact": [5, "ab"]}}),
    "fault_script": said(
        [{"on": "rest POST trade/order", "do": "lose", "times": 3}, {"on": "clock", "do": "skew"}]
    ),
    "born": said({"born": 1, "execution": "demo", "uid": "1"}),
    "jobs": said({"nightly": {"enabled": False}}),
    "latency": (b"feed_ms,order_ms,report_ms\n1,20,10\n2,21,11\n",),
    "moods": (b"ts_ms,value\n1704067200000,55\n1704153600000,20\n",),
    "passport_file": said(example(passport.Passport) | {"format": passport.FORMAT}),
}
for name, module, file, use, declared in KEPT:
    text = name in {"latency", "moods"}
    add(
        Target(
            name,
            (module,),
            SEEDS[name],
            of_file(f"{name}/{file}", use),
            (ValueError,) if name == "passport_file" else declared,
            *((of_bytes,) if text else ()),
            refuses_seeds=True,
        )
    )


def look(use: Callable[[], object]) -> object:
    found = use()
    return list(found) if isinstance(found, Iterator) else found


PASSED_OVER: tuple[tuple[str, str, str, Callable[[Path], object]], ...] = (
    ("run_json", "cockpit/app/runs.py", "runs/x/run.json", lambda root: runs.listed(root)),
    (
        "study_json",
        "cockpit/app/studies.py",
        f"studies/x/{studies.STATUS}",
        lambda root: studies.listed(root),
    ),
    ("going_json", "cockpit/app/going.py", f"{going.FOLDER}/x.json", lambda root: going.listed(root)),
    ("drill_json", "cockpit/app/drills/playing.py", "drills/x/result.json", lambda root: playing.kept(root)),
    ("ledger_stamps", "cockpit/app/ledgers.py", "runs/x/run.json", lambda root: ledgers.kept(root)),
    ("passports", "cockpit/app/passports.py", "passports/x.json", lambda root: passports.listed(root)),
    ("offer_json", "cockpit/app/offers.py", f"{offers.FOLDER}/x.json", lambda root: offers.waiting(root)),
    ("ledger_head", "cockpit/lab/trial_ledger/chain.py", "trial-ledger.head", lambda root: head(root)),
)
"""Files that are passed over when they cannot be read: nothing is raised for them."""


def head(root: Path) -> object:
    ledger = Ledger(root / "trial-ledger")
    written(f"seen/{ledger.head_file.name}", b"")
    (root / "trial-ledger.head").replace(ledger.head_file)
    return ledger.read_head()


DOCUMENTS = (
    example(runs.Run),
    example(studies.Status),
    example(going.Going),
    example(playing.Result),
    example(passport.Passport) | {"format": passport.FORMAT},
    example(offers.Offer),
    {"ledger": "1 2 ab"},
    {"rows": 1, "weight": 1, "seal": "ab"},
)
for name, module, file, listing in PASSED_OVER:
    add(
        Target(
            name,
            (module,),
            said(
                {"name": "x", "state": "done", "updated": 1},
                {"ledger": "1 2 ab"},
                {"rows": 1, "weight": 1, "seal": "ab"},
            ),
            lambda raw, n=name, f=file, use=listing: (
                written(f"{n}/{f}", raw),
                look(lambda: use(folder() / n)),
            ),
            weight=0.3,
        )
    )


def key_file(path: Path) -> object:
    return KeyFile(path, lambda: Secret("x")).names()


BOX = {"version": 1, "salt": "00", "check": "00", "keys": {"okx/demo/trade": "00"}}
add(
    Target(
        "key_file", ("cockpit/adapters/keys.py",), said(BOX), of_file("keys.sealed", key_file), (ConfigError,)
    )
)

# --- the journal ----------------------------------------------------------------------------------

EVENTS = tuple(
    msgspec.msgpack.encode(one)
    for one in (
        ev.Ack(1, "ck1", "9"),
        ev.Boot(1, 1, "practice", "0.1.0", "d"),
        ev.Command(1, "id", "halt", {"flatten": "0"}, "tui:1"),
        ev.Link(1, "market", True),
        ev.Mark(1, "okx:BTC-USDT-SWAP", 5.0),
        ev.BookSnapshot(1, "okx:X", 1, ((1.0, 2.0),), ((2.0, 1.0),), 5),
        made.fill(3),
    )
)


def row(raw: bytes) -> object:
    return journal_read._decoded(decode, raw, "fact", 1)


def chunk(raw: bytes) -> object:
    return journal_read._decoded(journal_read.unpacked, raw, "chunk", 1)


CHUNK = msgspec.msgpack.encode([[1, ev.Mark(1, "okx:X", 5.0)], [2, ev.Link(1, "market", True)]])
add(Target("journal_fact", ("cockpit/core/events.py",), EVENTS, row, (StoreError,), of_msgpack, 3))
add(
    Target(
        "journal_chunk", ("cockpit/adapters/store/journal_read.py",), (CHUNK,), chunk, (StoreError,), of_msgpack, 2,
        refuses_seeds=True,
    )
)  # fmt: skip
add(
    Target(
        "journal_outcome",
        ("cockpit/core/intents.py",),
        (msgspec.msgpack.encode(made.outcome(2)),),
        lambda raw: journal_read._decoded(OUTCOME_DECODER.decode, raw, "outcome", 1),
        (StoreError,),
        of_msgpack,
    )
)


@cache
def journal() -> bytes:
    """A small journal as it lies on the disk."""
    path = place("seed/cockpit.db")
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path)
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('mode', 'practice')")
    batch = Batch(
        facts=[(1, made.ack(1)), (2, made.fill(2))],
        market=[(3, made.trade(3)), (4, made.delta(4))],
        outcomes=[made.outcome(2)],
        orders={"c1": made.order("c1")},
        equity=[made.equity(1_000)],
        snapshots=[(4, b"state", True)],
    )
    write(connection, batch, Head())
    connection.close()
    return path.read_bytes()


def journal_file(path: Path) -> None:
    """Everything that is ever read of a journal."""
    for name in ("-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)
    with JournalFile(path) as file:
        list(file.events())
        list(file.outcomes())
        file.orders(), file.fills(), file.equity(), file.versions(), file.snapshot(), file.opening()
        file.verify()


def pages(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Bytes changed within a file that keeps its length: a disk that has rotted."""
    data = bytearray(rng.choice(seeds))
    for _ in range(1 + int(rng.random() * 6)):
        at = int(rng.random() * len(data))
        data[at] = int(rng.random() * 256)
    return bytes(data) if rng.random() < 0.9 else bytes(data[: int(rng.random() * len(data))])


add(
    Target(
        "journal_file", ("cockpit/adapters/store/journal_read.py", "cockpit/adapters/store/version_rows.py"), journal,
        of_file("j/cockpit.db", journal_file), (StoreError,), pages, 0.05,
    )
)  # fmt: skip
add(
    Target(
        "snapshot",
        ("cockpit/core/memory.py",),
        lambda: msgspec.msgpack.encode(example(memory.Memory)),
        memory.read,
        UNREADABLE,
        of_msgpack,
        refuses_seeds=True,
    )
)

# --- backups, tapes, imports ----------------------------------------------------------------------


@cache
def backup_file() -> bytes:
    """A backup of a data directory with one journal and one small file."""
    root = place("data/x").parent
    written("data/practice/cockpit.db", journal())
    written("data/jobs/edits.json", b"{}")
    path, _ = backup.take(root, place("backups/x").parent)
    return path.read_bytes()


@cache
def tape_index() -> bytes:
    path = swinging(place("tapes/x").parent, "lab:COIN-USDT", 30)
    return (path / "tape.json").read_bytes()


def tape_of(raw: bytes) -> None:
    """The index is the stranger's; the columns are as they were."""
    tape_index()
    (folder() / "tapes/swinging.tape/tape.json").write_bytes(raw)
    path = folder() / "tapes/swinging.tape"
    tape.verify(path)
    sum(1 for _ in tape.read(path))


@cache
def tape_columns() -> bytes:
    tape_index()
    (part,) = (folder() / "tapes/swinging.tape").glob("bars*.parquet")
    return part.read_bytes()


def columns_of(raw: bytes) -> None:
    """The columns are the stranger's; the index is as it was."""
    index = tape_index()
    path = folder() / "tapes/swinging.tape"
    (path / "tape.json").write_bytes(index)
    (part,) = path.glob("bars*.parquet")
    part.write_bytes(raw)
    sum(1 for _ in tape.read(path))


add(
    Target(
        "backup", ("cockpit/app/keeping/backup.py",), backup_file, of_file("b/cockpit-1.backup", backup.verify),
        (StoreError,), pages, 0.03,
    )
)  # fmt: skip
add(Target("tape_index", ("cockpit/adapters/store/tape.py",), tape_index, tape_of, (TapeError,), weight=0.05))
add(
    Target(
        "tape_columns", ("cockpit/adapters/store/tape_columns.py",), tape_columns, columns_of, (TapeError,), pages,
        0.03,
    )
)  # fmt: skip

LINES = {
    "binance_stream": (
        b'{"recv_ns":1,"msg":{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":1,"u":5,"pu":0,"b":[["1","2"]],"a":[]}}}\n'
        b'{"recv_ns":2,"msg":{"lastUpdateId":3,"bids":[["1","2"]],"asks":[["3","4"]],"E":1,"T":1}}\n'
        b'{"recv_ns":3,"msg":{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":5,"p":"6","q":"1","X":"MARKET","m":true}}}\n'
    ),
    "bybit_stream": (b'{"recv_ns":1,"msg":{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,"data":{"s":"BTCUSDT","b":[["1","2"]],'
                     b'"a":[["3","4"]],"u":5,"seq":7}}}\n'
                     b'{"recv_ns":2,"msg":{"topic":"publicTrade.BTCUSDT","ts":1,"data":[{"T":1,"s":"BTCUSDT","S":"Buy","v":"1","p":"6","i":"a"}]}}\n'),
    "okx_stream": (b'{"recv_ns":1,"msg":{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"snapshot","data":[{"asks":[["2","1","0","1"]],'
                   b'"bids":[["1","1","0","1"]],"ts":"1","seqId":1,"prevSeqId":-1,"checksum":0}]}}\n'
                   b'{"recv_ns":2,"msg":{"arg":{"channel":"trades","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP","px":"1","sz":"1",'
                   b'"side":"buy","ts":"2","tradeId":"3"}]}}\n'),
    "okx_rest": (b'{"recv_ns":1,"msg":{"code":"0","data":[{"instId":"BTC-USDT-SWAP","instType":"SWAP","ctVal":"0.01","tickSz":"0.1","lotSz":"1",'
                 b'"minSz":"1","ctType":"linear","settleCcy":"USDT","ctValCcy":"BTC","state":"live","uly":"BTC-USDT"}]}}\n'),
    "hyperliquid_stream": (b'{"recv_ns":1,"msg":{"channel":"l2Book","data":{"coin":"BTC","time":1,"levels":[[{"px":"1","sz":"2","n":1}],'
                           b'[{"px":"2","sz":"1","n":1}]]}}}\n'
                           b'{"recv_ns":2,"msg":{"channel":"trades","data":[{"coin":"BTC","side":"B","px":"1","sz":"1","time":1,"tid":5}]}}\n'),
}  # fmt: skip
TABLES = {
    "ohlcv": b"timestamp,open,high,low,close,volume\n1704067200000,1,2,0.5,1.5,10\n1704070800000,1.5,2,1,1.2,5\n",
    "trades": b"timestamp,price,size,side\n1704067200000,1,2,buy\n1704067200001,1.1,2,sell\n",
    "funding": b"timestamp,symbol,funding_rate\n1704067200000,BTCUSDT,0.0001\n",
    "open_interest": b"timestamp,symbol,open_interest\n1704067200000,BTCUSDT,5\n",
}


def imported(path: Path) -> None:
    out = place("imported.tape")
    shutil.rmtree(out, ignore_errors=True)
    import_source([path], out, venue="binance", symbol_map={"*": "binance:BTCUSDT"})


for name, text in LINES.items():
    add(
        Target(
            f"import_{name}", (f"cockpit/adapters/importers/{name}.py", "cockpit/adapters/importers/source.py"), (text,),
            of_file(f"{name}.jsonl", imported), (TapeError,), of_bytes, 0.03, refuses_seeds=True,
        )
    )  # fmt: skip
for name, text in TABLES.items():
    add(
        Target(
            f"import_{name}", ("cockpit/adapters/importers/source.py",), (text,),
            of_file(f"{name}-BTCUSDT-1h.csv", imported), (TapeError,), of_bytes, 0.03, refuses_seeds=True,
        )
    )  # fmt: skip


def ledger_row(raw: bytes) -> object:
    return record.read_detail(raw)


add(
    Target(
        "ledger_detail", ("cockpit/lab/trial_ledger/record.py",), (record.framed(record.Told("x", {}, ("a",), "1h", "s", "t")) + record.packed([0.1, 0.2]),), ledger_row,
        (ValueError,), of_bytes, refuses_seeds=True,
    )
)  # fmt: skip


# --- files that a run keeps beside its journal ------------------------------------------------------


def kept_file(kind: Any, use: Callable[[Path], object]) -> tuple[bytes, Callable[[Path], object]]:
    return msgspec.msgpack.encode(example(kind)), use


BESIDE: tuple[tuple[str, str, bytes, Callable[[Path], object]], ...] = (
    ("capital_kept", "cockpit/app/capital.py",
     *kept_file(capital.Kept, lambda p: capital.Allocator._recalled(SimpleNamespace(_path=p)))),
    ("curves_kept", "cockpit/app/jobs/watching.py",
     *kept_file(dict[str, watching.Curve], lambda p: watching.Watching._recalled(SimpleNamespace(_kept=p)))),
    ("hotlist_kept", "cockpit/app/scanning.py",
     *kept_file(dict[str, scanning.Past], lambda p: scanning.Scanning._recall(
         SimpleNamespace(_kept=p, scanner=SimpleNamespace(pasts={}))))),
    ("practice_kept", "cockpit/app/market.py",
     msgspec.json.encode(example(market.PracticeSession)), lambda p: market._session(7, 1.0, 5, p.parent)),
)  # fmt: skip
for name, module, seed, use in BESIDE:
    file = "practice.json" if name == "practice_kept" else "kept.bin"
    maker = () if name == "practice_kept" else (of_msgpack,)
    add(Target(name, (module,), (seed,), of_file(f"{name}/{file}", use), (), *maker, weight=0.5))


add(
    Target(
        "venue_kept", ("cockpit/core/matching/saved.py",), lambda: msgspec.msgpack.encode(example(saved.Saved)),
        saved.DECODER.decode, UNREADABLE, of_msgpack, 0.5, refuses_seeds=True,
    )
)  # fmt: skip
