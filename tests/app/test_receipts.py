"""Kill receipts as files and as words."""

from __future__ import annotations

import json
from pathlib import Path

from cockpit.app import receipts
from cockpit.app.receipts import plain, sentences
from tests.core.stand import places
from tests.core.test_halting import Halted, resting


def halted() -> Halted:
    stand = Halted(sleeves=2)
    (stop,) = places(stand.holding(5, stop=90.0))
    stand.ack(stop.cid)
    stand.place_and_fill(stand.want(3, sleeve=2))
    stand.read_back(stand.say("halt"), resting(stop.cid, stand), held={stand.symbol: 8})
    return stand


def test_a_file_is_left_once_private_and_with_the_journals_digest(tmp_path: Path) -> None:
    stand = halted()
    path = receipts.save(stand.state, tmp_path)
    assert path is not None
    assert path.stat().st_mode & 0o077 == 0
    found = json.loads(path.read_text("utf-8"))
    (note,) = [n for n in stand.outcome.notes if n.message == "halt.receipt"]
    assert found["digest"] == note.args["digest"]
    assert receipts.save(stand.state, tmp_path) == path
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_one_that_a_crash_has_swallowed_is_written_at_the_next_start(tmp_path: Path) -> None:
    stand = halted()
    receipts.kept(stand.state, tmp_path, lambda _event, _outcome: None)
    assert len(list((tmp_path / receipts.FOLDER).glob("*.json"))) == 1


def test_a_place_that_cannot_be_written_to_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / receipts.FOLDER).write_text("in the way", "utf-8")
    assert receipts.save(halted().state, tmp_path) is None


def test_the_words_name_stop_and_nakedness_in_both_languages() -> None:
    stand = halted()
    assert stand.state.halt is not None
    assert stand.state.halt.receipt is not None
    found = plain(stand.state.halt.receipt)
    for lang, kept, naked in (("en", "kept:", "WITHOUT"), ("zh", "保留：", "止损不足")):
        text = "\n".join(sentences(found, lang))
        assert kept in text
        assert naked in text
        assert "{" not in text
        assert found["digest"] in text
        assert found["read"] in text
