"""The attach client in a page of this machine's browser, behind a token that never stands in an address.

textual-serve draws and carries the terminal; by itself it obeys any page that connects. Here every request
must name this host, come from this page (``Origin``) and carry the session that the token was exchanged for.
A closed tab ends its client and nothing else: trading lives in the cockpit that the client attaches to.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web
from aiohttp.typedefs import Middleware
from textual_serve.server import Server

COOKIE = "cockpit_session"
TRIES = 5
LOCKED_S = 30.0
SESSION_S = 12 * 3_600.0
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # "no-referrer" would make our own form come from nowhere
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>cockpit</title><style>
body{{font:16px system-ui,sans-serif;background:#111;color:#ddd;
display:grid;place-items:center;height:95vh}}
form{{display:grid;gap:.7rem;min-width:20rem}}
input,button{{font:inherit;padding:.4rem}}
</style></head><body><form method="post" action="/login">
<b>{title}</b><span>{words}</span>
<input name="token" type="password" autocomplete="off" autofocus><button>{button}</button>
</form></body></html>"""


class Guard:
    """Who may come in. Knows the token and the sessions as hashes only."""

    def __init__(self, token: str, port: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.hosts = frozenset((f"127.0.0.1:{port}", f"localhost:{port}"))
        self._token = _hash(token)
        self._clock = clock
        self._sessions: dict[bytes, float] = {}
        self._failures = 0
        self._locked_until = 0.0

    def host(self, request: web.Request) -> bool:
        """Is it this server that the browser believes to talk to? (DNS rebinding)"""
        return request.headers.get("Host", "") in self.hosts

    def origin(self, request: web.Request) -> bool:
        """Does it come from our own page? Without an Origin only what changes nothing may pass."""
        origin = request.headers.get("Origin")
        if origin is None:
            return request.method in {"GET", "HEAD"} and request.path != "/ws"
        return origin in {f"http://{host}" for host in self.hosts}

    def session(self, request: web.Request) -> bool:
        """Has this browser shown the token?"""
        found = self._sessions.get(_hash(request.cookies.get(COOKIE, "")))
        return found is not None and self._clock() < found

    def login(self, token: str) -> str | None:
        """A session for the right token, None otherwise; after five wrong ones nobody gets in for a while."""
        now = self._clock()
        if now < self._locked_until:
            return None
        if not hmac.compare_digest(_hash(token), self._token):
            self._failures += 1
            if self._failures >= TRIES:
                self._failures, self._locked_until = 0, now + LOCKED_S
            return None
        self._failures = 0
        session = secrets.token_urlsafe(32)
        self._sessions = {k: end for k, end in self._sessions.items() if end > now}
        self._sessions[_hash(session)] = now + SESSION_S
        return session


class Browser(Server):
    """One command in as many tabs as are opened; each tab is a process of its own."""

    def __init__(self, command: str, port: int, token: str, words: tuple[str, str, str]) -> None:
        super().__init__(command, host="127.0.0.1", port=port, title="cockpit")
        self.guard = Guard(token, port)
        self._words = words

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._middleware())
        app.add_routes([web.get("/login", self._form), web.post("/login", self._login)])
        return app

    def initialize_logging(self) -> None:
        """Only what went wrong, and to stderr: stdout holds the one line with the token."""
        logging.basicConfig(level=logging.WARNING, format="%(message)s")

    async def on_startup(self, app: web.Application) -> None:
        """Quiet: the command has said where it is."""

    def _middleware(self) -> Middleware:
        guard = self.guard

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not guard.host(request) or not guard.origin(request):
                raise web.HTTPForbidden(text="refused", headers=HEADERS)
            if request.path != "/login" and not guard.session(request):
                if request.method == "GET" and request.path == "/":
                    raise web.HTTPSeeOther("/login", headers=HEADERS)
                raise web.HTTPUnauthorized(text="refused", headers=HEADERS)
            response = await handler(request)
            if not response.prepared:
                response.headers.update(HEADERS)
            return response

        return check

    async def _form(self, _request: web.Request) -> web.Response:
        title, words, button = (escape(word) for word in self._words)
        text = PAGE.format(title=title, words=words, button=button)
        return web.Response(text=text, content_type="text/html")

    async def _login(self, request: web.Request) -> web.Response:
        if (
            request.content_type != "application/x-www-form-urlencoded"
            or (request.content_length or 0) > 4_096
        ):
            raise web.HTTPBadRequest(text="refused", headers=HEADERS)
        form = await request.post()
        session = self.guard.login(str(form.get("token", "")))
        if session is None:
            raise web.HTTPUnauthorized(text="refused", headers=HEADERS)
        response = web.Response(status=303, headers={"Location": "/"})
        response.set_cookie(
            COOKIE, session, httponly=True, samesite="Strict", path="/", max_age=int(SESSION_S)
        )
        return response


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
