"""Real money runs no plug-in that was not named with the hash of what was read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from cockpit.app import trust
from cockpit.core.config import Config, RunConfig
from cockpit.core.errors import PluginError

PLUGIN = "raise SystemExit('a plug-in that nobody has read must not run')\n"
DIGEST = hashlib.sha256(PLUGIN.encode()).hexdigest()


def config(folder: Path, execution: str = "live", **plugins: str) -> Config:
    named = {f"{name}.py": digest for name, digest in plugins.items()}
    run = RunConfig(
        feed="okx",
        execution=execution,
        live=execution == "live",
        plugins_dir=str(folder),
        plugins=named,
    )
    return Config(run=run)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "_helper.py").write_text("")
    return tmp_path


def test_real_money_wants_the_hash_and_says_the_line_that_gives_it(folder: Path) -> None:
    with pytest.raises(PluginError, match=f'"mine.py" = "{DIGEST[:32]}"'):
        trust.demand(config(folder))
    trust.demand(config(folder, mine=DIGEST))
    trust.demand(config(folder, mine=DIGEST[: trust.SHORTEST]))


@pytest.mark.parametrize("execution", ["paper", "demo", "live"])
def test_what_was_named_and_has_changed_runs_nowhere(folder: Path, execution: str) -> None:
    known = config(folder, execution, mine=DIGEST)
    trust.demand(known)
    (folder / "mine.py").write_text(PLUGIN + "\n")
    with pytest.raises(PluginError, match="is not what"):
        trust.demand(known)


def test_a_hash_that_is_too_short_names_nothing(folder: Path) -> None:
    with pytest.raises(PluginError, match="is not what"):
        trust.demand(config(folder, mine=DIGEST[:8]))


def test_elsewhere_an_unnamed_plug_in_may_run(folder: Path) -> None:
    trust.demand(config(folder, "paper"))
    assert [one.name for one in trust.plug_ins(str(folder))] == ["mine.py"]


class Package:
    """An installed package that brings a plug-in."""

    name = "their-package"

    def __init__(self, record: str) -> None:
        self.record = record

    def read_text(self, _name: str) -> str:
        return self.record


@pytest.mark.parametrize("editable", [False, True])
def test_an_installed_package_is_named_by_the_hash_of_its_files(
    monkeypatch: pytest.MonkeyPatch, editable: bool
) -> None:
    record = "x.pth,sha256=a,1\n" if editable else "their/__init__.py,sha256=a,1\n"

    class Entry(msgspec.Struct):
        dist: Package

    monkeypatch.setattr(trust.metadata, "entry_points", lambda **_: [Entry(Package(record))])
    (one,) = trust.plug_ins("")
    assert one.digest == ("" if editable else hashlib.sha256(record.encode()).hexdigest())
    live = Config(run=RunConfig(feed="okx", execution="live", live=True))
    with pytest.raises(PluginError, match="as a wheel" if editable else one.digest[:32]):
        trust.demand(live)
    named = msgspec.structs.replace(live.run, plugins={"their-package": one.digest or DIGEST})
    if editable:
        with pytest.raises(PluginError, match="editable"):
            trust.demand(Config(run=named))
    else:
        trust.demand(Config(run=named))


def test_the_start_asks_before_anything_is_imported(folder: Path, tmp_path: Path) -> None:
    import argparse

    from cockpit.app.commands import start

    file = tmp_path / "live.toml"
    file.write_text(
        f'[run]\nfeed = "okx"\nexecution = "live"\nlive = true\nplugins_dir = "{folder}"\n', "utf-8"
    )
    args = argparse.Namespace(
        config=str(file), set=[], data_dir=str(tmp_path / "data"), tape=None, begin=None, end=None,
        daemon=True, json=True, strategy=None, speed=None, lang=None, confirm_live=None, archive=None,
    )  # fmt: skip
    with pytest.raises(PluginError, match="real money runs no plug-in"):
        start.run(args)
