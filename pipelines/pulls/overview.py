"""How the pulls are, for `scorecard doctor`: nothing is sent and nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.errors import SetupError
from pipelines.pulls.state import PullState, read_state
from pipelines.settings import PullSettings, Settings

LATE = timedelta(hours=36)


@dataclass(frozen=True)
class PullHealth:
    """A source that is pulled: up to when, how long ago that is, how the last pull ended, and what to do."""

    source: str
    reached: str
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
        return PullHealth(source, "unknown", "", "unknown", (str(error),), None)
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
    if advice is None and (state.error or not is_whole or reached is None or now - reached > LATE):
        advice = f"scorecard pull {source}{', which goes on where it stopped' if state.streams else ''}."
    return PullHealth(
        source,
        f"{reached:%Y-%m-%d %H:%M}" if reached and is_whole else "not yet",
        _hours(now - reached) if reached and is_whole else "",
        _outcome(state),
        tuple(problems),
        advice,
    )


def _outcome(state: PullState) -> str:
    if state.started_at is None:
        return "never"
    is_done = state.succeeded_at is not None and state.succeeded_at >= state.started_at
    ended = "failed" if state.error else "complete" if is_done else "did not end"
    return f"{ended}, {state.started_at:%Y-%m-%d %H:%M}"


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
