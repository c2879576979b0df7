"""How the pulls are, for `scorecard doctor`: nothing is sent and nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.errors import SetupError
from pipelines.pulls.state import PullState, read_state
from pipelines.settings import Settings
from pipelines.settings.pulls import PullSettings

LATE = timedelta(hours=36)


@dataclass(frozen=True)
class PullHealth:
    """A source that is pulled: up to when, how long ago that is, how the last pull ended, and what to do.

    `cursor`: where a pull stopped that has not come to its end; the next one goes on there.
    """

    source: str
    reached: str
    cursor: str
    lag: str
    outcome: str
    problems: tuple[str, ...]
    advice: str | None


def overview(settings: Settings, now: datetime) -> list[PullHealth]:
    """The pulls that are configured, by source; `now` in UTC."""
    return [_health(settings, source, own, now) for source, own in sorted(settings.pulls.configured().items())]


def _health(settings: Settings, source: str, own: PullSettings, now: datetime) -> PullHealth:
    try:
        state = read_state(settings, source)
    except SetupError as error:
        return PullHealth(source, "unknown", "", "", "unknown", (str(error),), None)
    problems = list(state.warnings)
    advice = None
    try:
        own.token()
    except ValueError as error:
        problems.append(str(error))
        advice = (
            f"put a token of {all_connectors()[source].title} there. Needed: {all_connectors()[source].permission}."
        )
    if state.error:
        problems.append(state.error)
    reached = min((stream.reached for stream in state.streams.values() if stream.reached), default=None)
    is_whole = bool(state.streams) and all(stream.reached for stream in state.streams.values())
    is_late = not is_whole or reached is None or now - reached > LATE
    if advice is None and (state.error or is_late or not _is_done(state)):
        advice = f"scorecard pull {source}{', which goes on where it stopped' if state.streams else ''}."
    return PullHealth(
        source,
        f"{reached:%Y-%m-%d %H:%M}" if reached and is_whole else "not yet",
        _cursor(state),
        _hours(now - reached) if reached and is_whole else "",
        _outcome(state),
        tuple(problems),
        advice,
    )


def _cursor(state: PullState) -> str:
    """Of a pull that has not come to its end: the stream it is in, and how far."""
    for name, stream in state.streams.items():
        if stream.part is not None:
            return f"{name}: in {stream.part.window}, after {stream.part.pages:,} pages"
    for name, stream in state.streams.items():
        if stream.unfinished is not None:
            until = stream.unfinished.until
            return f"{name}: {f'up to {until:%Y-%m-%d}' if until else f'from {stream.unfinished.first} on'}"
    return ""


def _is_done(state: PullState) -> bool:
    return state.started_at is None or (state.succeeded_at is not None and state.succeeded_at >= state.started_at)


def _outcome(state: PullState) -> str:
    if state.started_at is None:
        return "never"
    ended = "failed" if state.error else "complete" if _is_done(state) else "did not end, or runs now"
    return f"{ended}, {state.started_at:%Y-%m-%d %H:%M}"


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
