"""The trial ledger of a data directory, and what of a backtest goes into it.

It counts before anybody sees a result: a backtest whose trial cannot be written is an error, also with
``--no-record``. Every run and every passport keeps the ledger's newest seal, so that one taken out is found.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.discover import params_of
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import StoreError
from cockpit.core.registry import STRATEGIES
from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.curve import DAY
from cockpit.lab.trial_ledger.chain import Ledger, Stamp, missing, stamp_of
from cockpit.lab.trial_ledger.family import fingerprint
from cockpit.lab.trial_ledger.record import SEAL, Trial

FOLDER = "ledger"


def ledger_of(data_dir: Path) -> Ledger:
    """The one ledger that everything here is counted in."""
    return Ledger(data_dir / FOLDER, lambda: kept(data_dir).values())


def kept(data_dir: Path) -> dict[str, Stamp]:
    """Stamps that runs and passports hold: who → what the ledger had come to then."""
    found: dict[str, Stamp] = {}
    for file in sorted([*data_dir.glob("runs/*/run.json"), *data_dir.glob("passports/*.json")]):
        try:
            tree = msgspec.json.decode(file.read_bytes())
        except (OSError, ValueError, *UNREADABLE):
            continue
        text = tree.get("ledger", "") if isinstance(tree, dict) else ""
        stamp = stamp_of(text) if isinstance(text, str) else None
        if stamp is not None:
            found[str(file.relative_to(data_dir))] = stamp
    return found


def carry_over(before: Path, now: Path) -> None:
    """After ``before`` gave way to ``now`` (a restored backup): what was counted in between stays counted.

    Raises StoreError.
    """
    old, new = Ledger(before / FOLDER), Ledger(now / FOLDER)
    known = old.stamp()
    if not known.rows:
        return
    if missing(new.stamp(), [raw[-SEAL:].hex() for raw in old.raw_rows()]):
        Ledger(now / FOLDER, lambda: (known,)).make_good()  # two histories: the other one counts as lost
        return
    try:
        new.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pairs = ((old.detail_file, new.detail_file), (old.rows_file, new.rows_file))
        for mine, theirs in (*pairs, (old.head_file, new.head_file)):
            shutil.copyfile(mine, theirs)
    except OSError as error:
        raise StoreError(f"{new.folder}: {error.strerror}") from error


def setting_of(config: Config, sleeve: SleeveConfig) -> str:
    """Digest of what decides a result besides parameters and data: money, limits, venue, stop layers."""
    run = config.run
    parts = (
        (run.equity, run.currency, run.seed, run.trading_enabled), config.risk, config.breakers, config.venue,
        config.sizing, (sleeve.share, sleeve.pool, sleeve.timeframes, sleeve.stops),
        (sleeve.stop_price, sleeve.sizing),
    )  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:32]


def trial_of(
    config: Config, sleeve: SleeveConfig, data: str, start: int, end: int, params: Any = None, **more: Any
) -> Trial:
    """A sleeve on a stretch of data as a trial.

    ``params``: all its parameters, an object or plain (default: from the sleeve); ``more``: source, study,
    status, period, returns. Raises ConfigError for parameters that there are not.
    """
    plugin = STRATEGIES[sleeve.strategy]
    if params is None:
        params = params_of(plugin, sleeve.params, strict=False)
    every = params if isinstance(params, dict) else {} if params is None else msgspec.to_builtins(params)
    return Trial(
        f"{sleeve.strategy}@{plugin.options.get('version', 1)}", fingerprint(plugin.target), every, data,
        start, end, sleeve.legs, sleeve.timeframe, setting_of(config, sleeve), **more,
    )  # fmt: skip


def stretch_of(tape: str, start: int, end: int) -> tuple[int, int]:
    """The part of a tape that a run with these bounds (0 = none) hears. Raises TapeError."""
    from cockpit.adapters.store import tape as tapes

    info = tapes.read_info(Path(tape))
    return max(info.start_ms, start), min(info.end_ms, end or info.end_ms)


def trials_of(request: Any, result: Any, source: str) -> list[Trial]:
    """Every sleeve of a backtest, and the account of several as one more: a choice of sleeves is a choice."""
    curve = result.curve
    return _trials(
        request, result.sleeves, result.data_hash, source=source, period=curve.period, returns=curve.returns()
    )


def _trials(
    request: Any, sleeves: Sequence[SleeveConfig], data: str, *, source: str, period: int,
    returns: Sequence[float],
) -> list[Trial]:  # fmt: skip
    start, end = stretch_of(request.tape, request.start_ms, request.end_ms)
    on = [row for row in sleeves if row.enabled]
    alone = len(on) == 1
    found = [
        trial_of(
            request.config, row, data, start, end, source=source, period=period,
            returns=returns if alone else (),
        )
        for row in on
    ]  # fmt: skip
    if len(on) > 1:
        found.append(_together(found, period, returns))
    return found


def count_look(data_dir: Path, request: Any) -> Stamp:
    """A tape is about to be played where it can be watched: stopped half-way, it is a try like any other.

    Nothing is kept of its returns. ``request`` (``trial.Request``) names the sleeves, or the tape does.
    Raises ConfigError, StoreError.
    """
    from cockpit.adapters.store import tape as tapes
    from cockpit.app import compose, market
    from cockpit.app.trial import data_hash

    path = Path(request.tape)
    source = market.from_tape(request.config, path, request.start_ms, request.end_ms, request.sleeves)
    compose.cast(source.sleeves, source.instruments, source.frames)  # what cannot be run is no try
    data = data_hash(tapes.read_info(path))
    made = _trials(request, source.sleeves, data, source="backtest", period=DAY, returns=())
    return ledger_of(data_dir).append(msgspec.structs.replace(row, status="begun") for row in made)


class Counting:
    """Counts the batches of a search, before they are kept. Raises TapeError; StoreError when it cannot."""

    def __init__(
        self, data_dir: Path, study: str, task: Any, period: int, source: str = "optimize"
    ) -> None:  # fmt: skip
        from cockpit.lab.search.ranges import builder

        self.ledger = ledger_of(data_dir)
        self._build = builder(STRATEGIES[task.sleeve.strategy], task.space)
        start, end = stretch_of(task.tape, task.start_ms, task.end_ms)
        blank = trial_of(
            task.config,
            task.sleeve,
            task.data_hash,
            start,
            end,
            {},
            source=source,
            study=study,
            period=period,
        )
        self._blank = msgspec.structs.replace(blank, setting=with_impact(blank.setting, task.lam))

    def __call__(self, batch: Sequence[Any]) -> None:
        """A batch of ``lab.search`` trials. What its strategy's rules barred was never run."""
        self.ledger.append(self._made(batch))

    def again(self, kept: Iterable[Any]) -> None:
        """Trials of a study that is taken up: those that this ledger does not know are counted now."""
        known = {row.key for row in self.ledger.rows()}
        with self.ledger.recorder() as note:
            for trial in self._made(kept):
                if trial.key not in known:
                    note(trial)

    def _made(self, batch: Iterable[Any]) -> Iterator[Trial]:
        import numpy as np

        from cockpit.lab.search.trial import Outcome

        words = {Outcome.PRUNED: "pruned", Outcome.FAILED: "failed"}
        for trial in batch:
            if trial.outcome is Outcome.BARRED or trial.twin >= 0:
                continue
            yield msgspec.structs.replace(
                self._blank, params=msgspec.to_builtins(self._build(trial.point)),
                status=words.get(trial.outcome, "done"), returns=np.frombuffer(trial.returns, "<f4"),
            )  # fmt: skip


def with_impact(setting: str, lam: float) -> str:
    """Another cost is another result: lambda of the impact in the digest of the settings."""
    if not lam:
        return setting
    return hashlib.sha256(f"{setting} {lam!r}".encode()).hexdigest()[:32]


def _together(parts: Sequence[Trial], period: int, returns: Sequence[float]) -> Trial:
    keys = sorted(trial.key.hex() for trial in parts)
    family = hashlib.sha256("".join(sorted(t.family for t in parts)).encode()).hexdigest()[:32]
    symbols = tuple(dict.fromkeys(symbol for trial in parts for symbol in trial.symbols))
    names = " + ".join(dict.fromkeys(trial.strategy for trial in parts))
    params: Mapping[str, Any] = {"parts": keys}
    return msgspec.structs.replace(
        parts[0], strategy=names, family=family, params=params, symbols=symbols, timeframe="", setting="",
        period=period, returns=returns,
    )  # fmt: skip


def count_backtest(data_dir: Path, request: Any, result: Any, source: str = "backtest") -> Stamp:
    """Write the trials of a finished backtest. Raises StoreError: an uncounted result must not be shown."""
    return ledger_of(data_dir).append(trials_of(request, result, source))
