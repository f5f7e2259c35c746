"""A drill in sentences: what comes, what was scored."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.app.console import columns, utc
from cockpit.app.drills.judging import PERSON, SYSTEM, seconds
from cockpit.app.drills.playing import Result
from cockpit.app.drills.scenarios import Scenario
from cockpit.app.drills.stage import Stage
from cockpit.text import known, safe_text, say, tr


def listed(rows: Sequence[tuple[Scenario, Result | None]], lang: str) -> str:
    """Every drill with its last score."""
    table = [tuple(tr(f"drill.{name}", lang) for name in ("name", "last", "score", "about"))]
    for scenario, last in rows:
        when, score = ("-", "-") if last is None else (utc(last.at), f"{last.score.total}/{SYSTEM + PERSON}")
        table.append((scenario.name, when, score, tr(f"drill.{scenario.name}.title", lang)))
    return f"{columns(table)}\n\n{tr('drill.how', lang)}"


def briefing(scenario: Scenario, lang: str) -> str:
    """What is shown before the screen opens."""
    deed = "drill.deed.halt" if scenario.halt else "drill.deed.watch"
    lines = [
        tr(f"drill.{scenario.name}.title", lang),
        tr(f"drill.{scenario.name}.brief", lang),
        tr(deed, lang),
        tr("drill.stage", lang),
    ]
    return "\n\n".join(lines)


def way_in(stage: Stage, lang: str) -> str:
    """The command for another terminal: it is needed where the screen does not answer."""
    return tr("drill.elsewhere", lang, command=f"cockpit kill --data-dir {stage.folder}")


def report(result: Result, folder: str, lang: str) -> str:
    """The score, line by line."""
    score, end = result.score, result.ending
    lines = [
        tr(
            "drill.result",
            lang,
            title=tr(f"drill.{result.name}.title", lang),
            total=score.total,
            most=SYSTEM + PERSON,
        ),
        tr("drill.system", lang, points=score.system, most=SYSTEM),
    ]
    for check in score.checks:
        mark = tr("drill.ok" if check.ok else "drill.bad", lang)
        bound = f" ({tr('drill.bound', lang)} {check.bound})" if check.bound else ""
        lines.append(f"  {mark} {tr(f'drill.check.{check.name}', lang)}: {check.found}{bound}")
    spoken = score.alarm if known(score.alarm) else f"drill.word.{score.alarm}" if score.alarm else ""
    alarm = say(spoken, score.args, lang)
    lines.append(tr("drill.alarm", lang, at=seconds(score.alarm_s), what=alarm or "-"))
    lines.append(tr("drill.person", lang, points=score.person, most=PERSON))
    if end.deed_s >= 0:
        lines.append(
            tr("drill.deed", lang, deed=end.deed, at=seconds(end.deed_s), after=seconds(score.noticed_s))
        )
    else:
        lines.append(tr("drill.nothing" if result.rules.halt else "drill.watched", lang))
    if end.asked_s >= 0:
        lines.append(
            tr("drill.halted", lang, at=seconds(end.asked_s), by=end.by, done=seconds(end.confirmed_s))
        )
    lines.append(tr("drill.kept", lang, path=folder))
    return "\n".join(safe_text(line) for line in lines)
