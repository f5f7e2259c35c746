"""``make release``: everything that a stranger needs to trust a version, in ``dist/``.

    *.whl *.tar.gz        built twice, and the same to the byte both times
    *.cdx.json            the bill of materials (CycloneDX) of what the wheel runs with, and nothing else
    runtime.lock          those packages with their versions and hashes
    audit.json            what an advisory service knows of them, or that it could not be asked
    SHA256SUMS            of all of it

Run by the project's own environment; ``build/release`` holds the tools that only this needs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
HEAD = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^ \\;]+)")
OFFLINE = re.compile(
    r"ConnectionError|MaxRetryError|Temporary failure|Name or service|Connection refused|timed out|Proxy",
    re.IGNORECASE,
)


def normal(name: str) -> str:
    """As registries compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path = LOCK) -> dict[str, str]:
    """Every package of a lock file: normal name → its lines, hashes included."""
    found: dict[str, str] = {}
    name = ""
    for line in lock.read_text("utf-8").splitlines():
        head = HEAD.match(line)
        if head is not None:
            name = normal(head["name"])
            found[name] = line
        elif name and line.strip().startswith("--hash"):
            found[name] += "\n" + line
    return found


def needed(name: str = "cockpit") -> Iterator[str]:
    """Normal names of everything that an installed package runs with on this system, without extras."""
    seen: set[str] = set()
    waiting = [(name, frozenset(("",)))]
    while waiting:
        one, extras = waiting.pop()
        for text in distribution(one).requires or ():
            wish = Requirement(text)
            if wish.marker is not None and not any(
                wish.marker.evaluate({"extra": extra}) for extra in extras
            ):
                continue
            if normal(wish.name) not in seen:
                seen.add(normal(wish.name))
                waiting.append((wish.name, frozenset(("", *wish.extras))))
    yield from sorted(seen)


def runtime_lock(target: Path) -> list[str]:
    """Write the part of the lock that a user installs. Raises SystemExit for a package that is not locked."""
    known = locked()
    names = list(needed())
    if missing := [name for name in names if name not in known]:
        raise SystemExit(f"not in {LOCK.name}: {', '.join(missing)}")
    target.write_text("\n".join(known[name] for name in names) + "\n", "utf-8")
    return names


def built(into: Path) -> list[Path]:
    """The sdist and the wheel, with the time of the commit in them instead of now."""
    stamp = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(into)],
        cwd=ROOT,
        env={**os.environ, "SOURCE_DATE_EPOCH": stamp},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return sorted(path for path in into.iterdir() if path.suffix in {".whl", ".gz"})


def build_twice(dist: Path) -> list[Path]:
    """Raises SystemExit when a second build is another one."""
    files = built(dist)
    with tempfile.TemporaryDirectory() as scratch:
        again = {path.name: digest(path) for path in built(Path(scratch))}
    if different := [path.name for path in files if again.get(path.name) != digest(path)]:
        raise SystemExit(f"a second build differs: {', '.join(different)}")
    return files


def materials(tools: Path, runtime: Path, target: Path) -> int:
    """The bill of materials; returns the number of components. It names no registry."""
    subprocess.run(
        [
            str(tools / "cyclonedx-py"), "requirements", str(runtime),
            "--pyproject", str(ROOT / "pyproject.toml"), "--output-format", "JSON",
            "--output-reproducible", "--output-file", str(target),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    bill = json.loads(target.read_text("utf-8"))
    bill["components"] = [without_registry(one) for one in bill.get("components", ())]
    target.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n", "utf-8")
    return len(bill["components"])


def without_registry(component: dict[str, Any]) -> dict[str, Any]:
    """Hashes stay, the place where a package happened to be fetched goes."""
    kept = [
        {"type": one["type"], "url": f"urn:sha256:{h['content']}", "hashes": [h]}
        for one in component.get("externalReferences", ())
        if one.get("type") == "distribution"
        for h in one.get("hashes", ())
    ]
    plain = {
        key: value for key, value in component.items() if key != "description"
    }  # a line of the lock file
    return {**plain, "externalReferences": kept}


def audit(tools: Path, runtime: Path, target: Path) -> tuple[bool, int]:
    """(was it asked?, known vulnerabilities). Without a network it was not, and the file says so."""
    done = subprocess.run(
        [
            str(tools / "pip-audit"), "-r", str(runtime), "--disable-pip", "--require-hashes",
            "--format", "json", "--progress-spinner", "off",
        ],
        capture_output=True,
        text=True,
    )  # fmt: skip
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        why = "the advisory service could not be reached" if OFFLINE.search(done.stderr) else last[:300]
        target.write_text(json.dumps({"audited": False, "why": why}, indent=2) + "\n", "utf-8")
        return False, 0
    keys = ("name", "version", "vulns")
    found = [{key: row[key] for key in keys} for row in rows if row.get("vulns")]
    told = {"audited": True, "packages": len(rows), "vulnerable": found}
    target.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    return True, len(found)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sums(dist: Path) -> Path:
    """``SHA256SUMS``, as ``sha256sum -c`` reads it."""
    rows = [f"{digest(path)}  {path.name}" for path in sorted(dist.iterdir()) if path.name != "SHA256SUMS"]
    target = dist / "SHA256SUMS"
    target.write_text("\n".join(rows) + "\n", "utf-8")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(prog="make release")
    parser.add_argument("--tools", type=Path, required=True, help="folder with cyclonedx-py and pip-audit")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist")
    parser.add_argument("--audit-required", action="store_true", help="fail where nobody could be asked")
    args = parser.parse_args()
    dist: Path = args.dist
    dist.mkdir(exist_ok=True)
    for old in dist.iterdir():
        old.unlink()
    files = build_twice(dist)
    print(f"built twice, the same to the byte: {', '.join(path.name for path in files)}")
    names = runtime_lock(dist / "runtime.lock")
    stem = next(path.name.removesuffix(".tar.gz") for path in files if path.suffix == ".gz")
    count = materials(args.tools, dist / "runtime.lock", dist / f"{stem}.cdx.json")
    print(f"bill of materials: {count} components, {len(names)} packages that cockpit runs with")
    asked, vulnerable = audit(args.tools, dist / "runtime.lock", dist / "audit.json")
    if asked:
        print(f"audit: {vulnerable} of them with known vulnerabilities")
    else:
        print(f"NOT AUDITED: {json.loads((dist / 'audit.json').read_text('utf-8'))['why']}")
    print(f"hashes: {sums(dist)}")
    return 1 if vulnerable or (args.audit_required and not asked) else 0


if __name__ == "__main__":
    sys.exit(main())
