"""Passports: made over a tape, kept beside the runs, looked at before anything is released.

    DATA/passports/VERSION-SEAL8.json   the certificate; .html the same for people

``valid_passport`` is what a release asks. A version is named by its code, parameters, markets, bars, stops
and size.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.app import ledgers
from cockpit.app.discover import params_of
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError, StoreError
from cockpit.core.registry import STRATEGIES
from cockpit.lab.trial_ledger.chain import missing, stamp_of
from cockpit.lab.trial_ledger.family import fingerprint

FOLDER = "passports"
Told = Callable[[str, float], None]


def version_of(sleeve: SleeveConfig) -> str:
    """16 hex digits: other code, parameters, markets, bars, stops or size are another version.

    ``sleeve`` must name its bars. Raises ConfigError for a strategy or parameters that there are not.
    """
    plugin = STRATEGIES.get(sleeve.strategy)
    if plugin is None:
        raise ConfigError(f"no strategy {sleeve.strategy!r}; there are {', '.join(STRATEGIES)}")
    built = params_of(plugin, sleeve.params, strict=False)
    params = {} if built is None else msgspec.to_builtins(built)
    longer = sleeve.timeframes or tuple(plugin.options.get("timeframes", ()))
    stops = plugin.options.get("stops", ()) if sleeve.stops is None else sleeve.stops
    where, size = (sleeve.legs, sleeve.timeframe, longer), (sleeve.share, sleeve.pool)
    parts = (fingerprint(plugin.target), params, where, stops, size)
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()[:16]


def make(
    config: Any, data_dir: Path, terms: Any, course: Any, told: Told | None = None, lang: str = "en"
) -> tuple[Any, Path]:  # fmt: skip
    """Examine a version and write its passport; (passport, file). Raises CockpitError.

    ``terms`` (``proving.Terms``): which version on what; ``course`` (``walking.Course``): how to walk;
    ``lang``: of the page.
    """
    from cockpit.app.proving import Bench
    from cockpit.app.walking import walked
    from cockpit.lab.proof import passport
    from cockpit.lab.trial_ledger.verify import verify

    bench = Bench(config, data_dir, terms, told)
    bench.count()
    plateau, elsewhere = bench.plateau(), bench.elsewhere()
    signs, entries, slippage = bench.trades()
    walk = walked(bench, course, lambda n, total, _step: bench.told("walk", n / total))
    forward, bias = bench.forward(), bench.bias()
    bench.told("judge", 0.0)
    ledger = bench.ledger
    ledger.make_good()
    whole = verify(ledger, ledgers.kept(data_dir))
    evidence = passport.Evidence(
        tuple(bench.net.tolist()), bench.judged(), bench.resampled(), plateau, signs, entries, elsewhere,
        bias, walk, forward, slippage,
    )  # fmt: skip
    now = time.time_ns() // 1_000_000
    found = passport.issued(
        now, cockpit.__version__, subject_of(bench), whole.stamp.text, whole.whole, evidence
    )
    ledger.note(found.seal)
    return found, _write(data_dir, found, lang)


def subject_of(bench: Any) -> Any:
    """What the passport is about."""
    from cockpit.app.trial import code_hash
    from cockpit.lab.proof.passport import Subject

    plugin, sleeve = bench.plugin, bench.sleeve
    setting = ledgers.with_impact(ledgers.setting_of(bench.config, sleeve), bench.lam)
    return Subject(
        version_of(sleeve), f"{sleeve.strategy}@{plugin.options.get('version', 1)}",
        fingerprint(plugin.target), bench.params, sleeve.legs, sleeve.timeframe, setting, bench.data,
        Path(bench.terms.tape).name, bench.start, bench.end, bench.stage.period, code_hash(),
        bench.terms.study,
    )  # fmt: skip


def _write(data_dir: Path, found: Any, lang: str) -> Path:
    from cockpit.app.reports import certificate
    from cockpit.lab.proof.passport import encoded

    folder = data_dir / FOLDER
    file = folder / f"{found.subject.version}-{found.seal[:8]}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_bytes(encoded(found))
        file.with_suffix(".html").write_text(certificate.page(found, lang), "utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: {error.strerror}") from error
    return file


def listed(data_dir: Path) -> Iterator[tuple[Path, Any]]:
    """Passports, newest first; what cannot be read is passed over."""
    from cockpit.lab.proof.passport import decoded

    found = []
    for file in (data_dir / FOLDER).glob("*.json"):
        try:
            found.append((file, decoded(file.read_bytes())))
        except (OSError, ValueError):
            continue
    yield from sorted(found, key=lambda pair: -pair[1].made)


def find(data_dir: Path, name: str) -> tuple[Path, Any]:
    """By file, or by the beginning of a version or file name; the newest. Raises ConfigError, StoreError."""
    from cockpit.lab.proof.passport import decoded

    file = Path(name).expanduser()
    if file.is_file():
        try:
            return file, decoded(file.read_bytes())
        except (OSError, ValueError) as error:
            raise StoreError(f"{name}: {error}") from error
    for known, found in listed(data_dir):
        if name == "last" or known.name.startswith(name) or found.subject.strategy.partition("@")[0] == name:
            return known, found
    raise ConfigError(f"no passport {name!r}; cockpit passport list shows those that were made here")


def faults(data_dir: Path, found: Any) -> tuple[str, ...]:
    """Why a passport is not to be relied on, whatever it says; ids of ``passport.fault.*``.

    seal, verdict: altered. unknown: its seal is not in this trial ledger. ledger: that ledger no longer holds
    what it stood for. family, code: the strategy, or what decides and fills, has changed since.
    """
    from cockpit.app.trial import code_hash
    from cockpit.lab.proof.passport import altered

    said = altered(found)
    ledger = ledgers.ledger_of(data_dir)
    stamp = stamp_of(found.ledger)
    try:
        seals = [raw[-32:].hex() for raw in ledger.raw_rows()]
        if found.seal not in ledger.noted():
            said.append("unknown")
        if stamp is None or missing(stamp, seals):
            said.append("ledger")
    except StoreError:
        said.append("ledger")
    plugin = STRATEGIES.get(found.subject.strategy.partition("@")[0])
    if plugin is None or fingerprint(plugin.target) != found.subject.family:
        said.append("family")
    elif code_hash() != found.subject.code:
        said.append("code")
    return tuple(said)


def passport_for(data_dir: Path, sleeve: SleeveConfig) -> tuple[Any, tuple[str, ...]]:
    """(newest passport of a version, why it is not valid); (None, ("none",)) when there is none.

    ``sleeve`` must name its bars. What does not pass is ``check.NAME`` for each required check that fails.
    """
    version = version_of(sleeve)
    for _, found in listed(data_dir):
        if found.subject.version == version:
            return found, (*faults(data_dir, found), *(f"check.{check.name}" for check in found.reasons))
    return None, ("none",)


def valid_passport(data_dir: Path, sleeve: SleeveConfig) -> tuple[str, ...]:
    """Why a version may not be released as far as proof goes; empty = it has a valid passport."""
    return passport_for(data_dir, sleeve)[1]
