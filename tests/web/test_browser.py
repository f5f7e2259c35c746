"""The page obeys its own tab with the token and nobody else: refused by table, driven in a real browser."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import aiohttp.test_utils
import pytest
from aiohttp import web

from cockpit.api.browser import COOKIE, LOCKED_S, TRIES, Browser, Guard
from tests.daemon.process import Daemon
from tests.web import chromium

TOKEN = "right-token"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, Browser]]:
    """A page on a free port; its command would print nothing."""
    made = Browser("true", 0, TOKEN, ("t", "w", "b"))
    runner = web.AppRunner(await made._make_app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    made.guard.hosts = frozenset((f"127.0.0.1:{port}", f"localhost:{port}"))
    made.public_url = f"http://127.0.0.1:{port}"
    try:
        yield f"http://127.0.0.1:{port}", made
    finally:
        await runner.cleanup()


async def status(session: aiohttp.ClientSession, url: str, method: str = "GET", **options: object) -> int:
    async with session.request(method, url, allow_redirects=False, **options) as answer:  # type: ignore[arg-type]
        assert TOKEN not in await answer.text()
        assert TOKEN not in str(answer.headers)
        return answer.status


def test_who_is_let_in() -> None:
    async def main() -> None:
        async with served() as (url, _), aiohttp.ClientSession() as nobody, _user() as user:
            own, evil = {"Origin": url}, {"Origin": "https://evil.example"}
            form = {"token": TOKEN}
            assert await status(nobody, f"{url}/") == 303
            assert await status(nobody, f"{url}/login") == 200
            for path in ("/ws", "/static/js/textual.js", "/download/x"):
                assert await status(nobody, url + path, headers=own) == 401, path
            assert await status(nobody, f"{url}/login", headers={"Host": "evil.example"}) == 403
            assert await status(nobody, f"{url}/login", "POST", data=form) == 403  # no origin: not our form
            assert await status(nobody, f"{url}/login", "POST", data=form, headers=evil) == 403
            assert await status(nobody, f"{url}/login", "POST", json=form, headers=own) == 400
            assert await status(nobody, f"{url}/login", "POST", data={"token": "x"}, headers=own) == 401
            assert await status(user, f"{url}/login", "POST", data=form, headers=own) == 303
            cookie = next(c for c in user.cookie_jar if c.key == COOKIE)
            assert cookie["httponly"]
            assert cookie["samesite"] == "Strict"
            assert await status(user, f"{url}/") == 200
            assert await status(user, f"{url}/static/js/textual.js") == 200
            # The session alone is not enough: another page of the same browser may not open the socket.
            assert await status(user, f"{url}/ws", headers=evil) == 403
            assert await status(user, f"{url}/ws") == 403
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await user.ws_connect(f"{url}/ws", headers=evil)

    asyncio.run(main())


def test_wrong_tokens_shut_the_door_for_a_while_and_sessions_end() -> None:
    now = [0.0]
    guard = Guard(TOKEN, 1, lambda: now[0])
    assert [guard.login("x") for _ in range(TRIES)] == [None] * TRIES
    assert guard.login(TOKEN) is None
    now[0] = LOCKED_S + 1
    session = guard.login(TOKEN)
    assert session is not None
    request = aiohttp.test_utils.make_mocked_request("GET", "/", headers={"Cookie": f"{COOKIE}={session}"})
    assert guard.session(request)
    now[0] += 13 * 3_600
    assert not guard.session(request)


def test_serving_needs_somebody_to_serve(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "cockpit", "--data-dir", str(tmp_path), "serve"]
    assert subprocess.run(words, capture_output=True).returncode == 7
    assert subprocess.run([*words, "--port", "80"], capture_output=True).returncode == 2


@pytest.mark.daemon
@pytest.mark.skipif(not chromium.BINARY, reason="no Chromium on this machine (apt install chromium)")
def test_the_real_page_shows_the_desk_and_may_not_drive(tmp_path: Path) -> None:
    async def main(url: str, token: str) -> None:
        async with chromium.page(tmp_path / "profile") as page:
            await page.call("Page.navigate", url=url)
            await page.until("document.querySelector('input[name=token]') !== null")
            await page.run(f"document.querySelector('input[name=token]').value={json.dumps(token)}; 1")
            await page.run("document.forms[0].submit(); 1")
            await page.until("document.querySelector('.xterm') !== null")
            assert token not in str(await page.run("location.href + document.documentElement.outerHTML"))
            assert await page.run("document.cookie") == ""  # no script can read the session
            picture = tmp_path / "desk.png"
            for _ in range(120):
                await page.picture(picture)
                if picture.stat().st_size > 30_000:  # a drawn desk, not an empty page
                    return
                await asyncio.sleep(0.5)
            raise AssertionError("the page stayed empty")

    with Daemon(tmp_path / "data") as daemon:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "cockpit", "--data-dir", str(tmp_path / "data"), "serve", "--json",
                "--port", str(_free_port()),
            ],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            asyncio.run(main(ready["url"], ready["token"]))
            clients = daemon.status()["clients"]
            assert not any(c["driver"] for c in clients if c["name"] == "tui")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)
        assert daemon.status()["posture"] == "NORMAL"


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _user() -> aiohttp.ClientSession:
    """A client that keeps cookies of a bare address, as browsers do."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
