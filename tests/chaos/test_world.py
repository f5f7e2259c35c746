"""More of what a world does to a process: a clock that is set, a copied journal, a wrong address."""

from __future__ import annotations

import datetime
import http.server
import os
import shutil
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.chaos import bench as benches
from tests.chaos.bench import PATIENCE_S, Bench, bench, judge

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
START_S = 120.0
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real)(clockid_t, struct timespec *);

static long long shift_ns(void) {
    static long long since = 0;
    long long ms = 0, ppm = 0;
    FILE *file = fopen(getenv("CLOCK_SHIFT"), "r");
    if (file) { if (fscanf(file, "%lld %lld", &ms, &ppm) < 1) ms = 0; fclose(file); }
    if (!ppm) { since = 0; return ms * 1000000; }
    struct timespec now;
    real(CLOCK_MONOTONIC, &now);
    long long ns = now.tv_sec * 1000000000LL + now.tv_nsec;
    if (!since) since = ns;
    return ms * 1000000 + (ns - since) / 1000000 * ppm;
}

int clock_gettime(clockid_t id, struct timespec *t) {
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, t);
    if (id == CLOCK_REALTIME && !done) {
        long long ns = t->tv_nsec + shift_ns();
        long long whole = ns / 1000000000LL - (ns % 1000000000LL < 0);
        t->tv_sec += whole;
        t->tv_nsec = ns - whole * 1000000000LL;
    }
    return done;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec; t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t) *t = now.tv_sec;
    return now.tv_sec;
}
"""
"""The wall clock of one process as a file says; the machine's own is left alone."""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("a compiler and LD_PRELOAD are needed to set the clock of one process")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(CLOCK, "utf-8")
    words = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-o",
        str(folder / "clock.so"),
        str(folder / "clock.c"),
        "-ldl",
    ]
    subprocess.run(words, check=True, capture_output=True)
    (folder / "shift").write_text("3600000", "utf-8")
    env = {**os.environ, "LD_PRELOAD": str(folder / "clock.so"), "CLOCK_SHIFT": str(folder / "shift")}
    told = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"], env=env, capture_output=True, text=True
    )
    assert 3_500 < float(told.stdout) - time.time() < 3_700, "the clock of a process does not follow the file"
    return folder / "clock.so"


class Shifted(Bench):
    """The daemon sees another wall clock than everybody else; the exchange does not."""

    preload = ""

    @property
    def env(self) -> dict[str, str]:
        if self.exchange is None or not self.preload:
            return super().env
        return {**super().env, "LD_PRELOAD": self.preload, "CLOCK_SHIFT": str(self.folder / "shift")}

    def shift(self, seconds: int, ppm: int = 0) -> None:
        """Set off by so much, and from here on faster by so many millionths."""
        (self.folder / "shift").write_text(f"{seconds * 1_000} {ppm}", "utf-8")


@pytest.mark.parametrize("seconds", [-3_600, -5, 5, 3_600])
def test_the_clock_of_our_machine_is_set(
    tmp_path: Path, shim: Path, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trading goes on or stops and comes again by itself, while it is wrong and after it was set right."""
    monkeypatch.setattr(Shifted, "preload", str(shim))
    monkeypatch.setattr(benches, "Bench", Shifted)
    with bench(tmp_path / "data") as made:
        assert isinstance(made, Shifted)
        made.shift(seconds)
        time.sleep(10)
        made.until(made.settled, PATIENCE_S)
        made.until(made.trading, PATIENCE_S)
        made.shift(0)
        time.sleep(5)
        made.until(made.trading, PATIENCE_S)
        print(f"our clock {seconds:+d} s: {judge(made)}")


@pytest.mark.parametrize("ppm", [-100_000, -500, 500, 100_000])
def test_the_clock_of_our_machine_drifts(
    tmp_path: Path, shim: Path, ppm: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 ppm is a bad quartz (43 s a day); a tenth is what it gathers in an hour, within half a minute."""
    monkeypatch.setattr(Shifted, "preload", str(shim))
    monkeypatch.setattr(benches, "Bench", Shifted)
    with bench(tmp_path / "data") as made:
        assert isinstance(made, Shifted)
        before = len(made.truth()["orders"])
        made.shift(0, ppm)
        time.sleep(30)
        made.until(made.settled, PATIENCE_S)
        made.until(made.trading, PATIENCE_S)
        assert len(made.truth()["orders"]) > before, "nothing was ordered while the clock drifted"
        made.shift(0)
        time.sleep(5)
        made.until(made.trading, PATIENCE_S)
        print(f"our clock {ppm:+d} ppm: {judge(made)}")


def started(made: Bench, *more: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A daemon that is expected to say no."""
    where = folder or made.folder
    words = ["--daemon", "--json", "--config", str(made.settings), "--data-dir", str(where), *more]
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *words],
        env=made.env, capture_output=True, text=True, timeout=START_S, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_copied_journal_does_not_trade(tmp_path: Path) -> None:
    """Beside the running one and after it; the original goes on."""
    with bench(tmp_path / "data") as made:
        shutil.copytree(made.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*.sock", "*.pid"))
        for alive in (True, False):
            if not alive:
                made.stop_daemon()
            done = started(made, folder=tmp_path / "copy")
            assert done.returncode != 0
            assert "is a copy of" in done.stderr, done.stderr
            assert "Traceback" not in done.stderr
        made.start_daemon()
        made.until(made.trading, PATIENCE_S)
        print(f"a copied journal: {judge(made)}")


class Refuses(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password, as hotels have them."""

    def do_GET(self) -> None:
        body = b"<html><body>407 Proxy Authentication Required</body></html>"
        self.send_response(407)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  the name is the library's

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuses) as server:
        server.daemon_threads = True
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(10)


def expired(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that ended yesterday, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now - datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.parametrize("what", ["dns", "tls", "407"])
def test_an_address_that_is_not_okx_is_told_in_words(tmp_path: Path, what: str) -> None:
    """No name, an expired certificate, a proxy in between: exit code 6, one sentence, and no order."""
    with bench(tmp_path / "data") as made:
        made.stop_daemon()
        before = len(made.admin("log"))
        cert, key = expired(tmp_path)
        context = None
        if what == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
        with listening(context) as port:
            rest = {
                "dns": "https://okx.invalid",
                "tls": f"https://localhost:{port}",
                "407": f"http://127.0.0.1:{port}",
            }[what]
            more = ["--set", f"okx.rest={rest}"]
            more += ["--set", f"okx.ca_file={cert}"] if what == "tls" else []
            done = started(made, *more)
        assert done.returncode == 6, (done.returncode, done.stderr)
        assert "Traceback" not in done.stderr
        told = {"dns": "okx.invalid", "tls": "certificate", "407": "407"}[what]
        assert told in done.stderr, done.stderr
        assert len(made.admin("log")) == before
        print(f"{what}: {done.stderr.strip().splitlines()[-1]}")
        made.start_daemon()
        made.until(made.trading, PATIENCE_S)
