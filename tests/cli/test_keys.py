"""Keys that come in through a pipe: what is no key is refused before anything is kept."""

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cockpit: Shell) -> Shell:
    word = tmp_path / "word"
    word.touch(mode=0o600)
    word.write_text("a long password\n", "utf-8")
    monkeypatch.setenv("COCKPIT_KEYS_PASSWORD_FILE", str(word))

    def run(name: str, raw: bytes) -> object:
        pipe = io.TextIOWrapper(io.BytesIO(raw), "utf-8", errors="surrogateescape")
        monkeypatch.setattr("sys.stdin", pipe)
        return cockpit("keys", "add", name, "--untested", "--backend", "file")

    return run  # type: ignore[return-value]


def test_an_exchange_that_nobody_speaks_to_gets_no_key(piped: Shell, tmp_path: Path) -> None:
    found = piped("foo/demo/trade", b"k\ns\n")
    assert found.code == 2
    assert "there is no exchange 'foo'; there are okx, binance, bybit" in found.err
    assert not list(tmp_path.rglob("keys.sealed"))


def test_bytes_that_are_no_text_are_refused_in_words(piped: Shell) -> None:
    found = piped("okx/demo/trade", b"k\xff\ns\np\n")
    assert (found.code, found.out) == (2, "")
    assert "not text in UTF-8" in found.err


def test_what_an_editor_puts_around_a_line_is_no_part_of_the_key(
    piped: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = []
    monkeypatch.setattr("cockpit.adapters.keys.KeyFile.put", lambda _self, given: kept.append(given))
    assert piped("bybit/demo/trade", b"\xef\xbb\xbfkey\r\n secret \r\n").code == 0
    (given,) = kept
    assert (given.key.reveal(), given.secret.reveal()) == ("key", "secret")
