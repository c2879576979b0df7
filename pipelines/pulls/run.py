"""Pulls a source: its streams, window after window, each page to disk before the state says so.

The order is what makes a pull safe to stop anywhere: a page is appended to the window's part and synced, then the state
records it; a whole window is renamed into landing, then the cursor moves. One source's failure stops that source alone.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from pipelines.pulls.check import Missing, format_of
from pipelines.pulls.client import TRIES, Client
from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.errors import PullError, SetupError
from pipelines.pulls.files import Target, read_pages, window_path
from pipelines.pulls.spec import Answer, Clock, Connector, Download, Json, Page, Stream, Window, Written
from pipelines.pulls.state import PartialFile, PullPass, PullState, StreamState, locked, read_state, write_state
from pipelines.settings import Settings
from pipelines.settings.pulls import PullSettings
from pipelines.sources import all_sources
from pipelines.warehouse.landing import PULLED, is_read

log = logging.getLogger(__name__)

FIRST_DAYS = 90
"""How far back the first pull goes where no `since` is set."""
RESUMED_WITHIN = timedelta(hours=12)
"""How long after its start a window may be resumed: its tokens and offsets mean something else later."""
FEED_BYTES = 64 * 2**20
"""The size at which a feed's file is complete and the next one begins."""
PROGRESS_EVERY = 20
"""Windows between two lines of progress."""


class SystemClock:
    """The machine's."""

    def now(self) -> datetime:
        """The current time, UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, for a limit or before the next attempt, and say so where it takes long."""
        if seconds > 5:
            log.info("waiting %.0f seconds before the next request", seconds)
        time.sleep(seconds)


@dataclass
class Pulled:
    """What came of pulling a source: pages, records and files new or changed, and the error that ended it, if any.

    `warnings`: fields that records lack. `reached`: stream → up to when it was pulled.
    """

    source: str
    pages: int = 0
    records: int = 0
    files: int = 0
    requests: int = 0
    error: str | None = None
    warnings: list[str] = field(default_factory=list)
    reached: dict[str, datetime] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """A line of it."""
        return (
            f"{self.source}: {self.pages:,} pages with {self.records:,} records; {self.files:,} files new or changed"
            f"{'; stopped before the end' if self.error else ''}"
        )


def pull(
    settings: Settings, sources: Sequence[str] = (), since: date | None = None, clock: Clock | None = None
) -> list[Pulled]:
    """Pull these sources (none: all that are configured), one after another.

    Args:
        settings: Where the home and the landing folder are, and which sources are configured.
        sources: Names of sources.
        since: Pull from this day again, whatever was pulled before.
        clock: The time and waiting; the machine's by default.

    Returns:
        One result per source, in the order given. Errors are in the results.
    """
    return [pull_source(settings, source, since, clock or SystemClock()) for source in sources or configured(settings)]


def configured(settings: Settings) -> list[str]:
    """The sources that are pulled, by name."""
    return sorted(settings.pulls.configured())


def pull_source(settings: Settings, source: str, since: date | None, clock: Clock) -> Pulled:
    """Pull one source; its error is in the result."""
    result = Pulled(source)
    try:
        with locked(settings, source):
            state = read_state(settings, source)
            state.started_at, state.error = clock.now(), None
            if since is not None or state.began_at is None or clock.now() - state.began_at > RESUMED_WITHIN:
                state.began_at, state.done = state.started_at, []
            write_state(settings, source, state)
            try:
                _Pull(settings, source, state, clock, result).run(since)
                state.succeeded_at, state.began_at, state.done = clock.now(), None, []
            except (PullError, OSError) as error:
                state.error = result.error = str(error)
            except Exception as error:  # a bug, or an answer of a shape nobody has seen: it stops no other source
                log.debug("%s", source, exc_info=error)
                state.error = result.error = (
                    f"{type(error).__name__} in {_place(error)}: the vendor's API has changed, or this is a bug. "
                    "Please report it"
                )
            state.warnings = result.warnings
            write_state(settings, source, state)
    except (PullError, OSError) as error:
        result.error = result.error or str(error)
    if result.error:
        log.error("%s: %s", source, result.error)
    return result


def connect(settings: Settings, source: str, clock: Clock) -> tuple[Connector, PullSettings, Client]:
    """The connector of `source` with a client that has its token.

    Raises:
        SetupError: the source is not configured, or its token or address is missing.
    """
    connector, own = all_connectors().get(source), settings.pulls.configured().get(source)
    if connector is None or own is None:
        raise SetupError(
            f"it is not configured. `scorecard connect {source}` adds its table [pulls.{source}] to scorecard.toml"
        )
    try:
        token = own.token().get_secret_value()
    except ValueError as error:
        raise SetupError(f"{error}. Put a token of {connector.title} there. Needed: {connector.permission}") from None
    return connector, own, client_of(connector, own, token, clock)


def client_of(connector: Connector, own: PullSettings, token: str, clock: Clock, tries: int = TRIES) -> Client:
    """A client of the vendor that sends this token, and makes a request so often before it gives up.

    Raises:
        SetupError: the address or the extra is missing.
    """
    if find_spec("tenacity") is None:
        raise SetupError("the extra `pulls` is not installed: pip install 'ai-workforce-scorecard[pulls]'")
    base_url = own.base_url or connector.base_url
    if base_url is None:
        raise SetupError(
            f"set `base_url` in [pulls.{connector.name}]: {connector.title} has an address of its own per customer"
        )
    return Client(connector, base_url, connector.headers(own, token), (token,), clock, tries)


def _place(error: Exception) -> str:
    """The last place in our code; the message may hold anything."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "pipelines" in frame.filename]
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}"


class _Pull:
    """A pull of one source, under its lock. What a connector asks of the vendor, it asks this object."""

    def __init__(self, settings: Settings, name: str, state: PullState, clock: Clock, result: Pulled) -> None:
        self._settings, self._name, self._state = settings, name, state
        self._clock, self._result = clock, result
        # One moment for all its streams, so that those that depend on each other have the same windows.
        self._began_at = state.began_at or clock.now()
        self._client: Client
        self._connector: Connector

    def run(self, since: date | None) -> None:
        self._connector, own, self._client = connect(self._settings, self._name, self._clock)
        with closing(self._client):
            try:
                for stream in self._connector.streams(own):
                    self._check_is_read(stream)
                    state = self._state.stream(stream.name)
                    if stream.name in self._state.done:
                        continue  # by a pull that was interrupted later
                    default = state.earliest or (self._clock.now() - timedelta(days=FIRST_DAYS)).date()
                    self._stream(stream, since or own.since or default, again=since is not None)
            except PullError as error:
                # Whoever worded it: what it quotes of an answer may be the token.
                raise PullError(self._client.scrubbed(str(error))) from None
            finally:
                self._result.requests = self._client.requests

    def get(self, path: str, params: Mapping[str, Json] | None = None) -> Answer:
        return self._client.get(path, params)

    def post(self, path: str, body: Json) -> Answer:
        return self._client.post(path, body)

    @contextmanager
    def file(self, wanted: Download) -> Iterator[Path]:
        path = self._settings.pulls_dir / f".{self._name}.answer"
        try:
            with path.open("wb") as into:
                self._client.download(wanted, into)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def wait(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def pulled(self, stream: str, window: Window) -> Iterator[Json]:
        path = self._settings.pulled_to(self._connector.source) / self._path(stream, window.name, ".json")
        if not path.exists():
            raise PullError(f"{path} is gone, which was pulled before: pull again with --since {window.start:%Y-%m-%d}")
        return read_pages(path)

    def _check_is_read(self, stream: Stream) -> None:
        source = all_sources()[self._connector.source]
        globs = self._settings.globs(source.name, source.glob)
        if not is_read(self._path(stream.name, "2026-01-01", stream.suffix), globs):
            raise SetupError(
                f"pulls are written to {source.name}/{PULLED}/, and the source reads {', '.join(globs)}: add "
                f'"{source.name}/{PULLED}/**/*" to `glob` in [sources.{source.name}]'
            )

    def _stream(self, stream: Stream, asked: date, again: bool) -> None:
        """Pull the stream from where it is; where an earlier pull was left unfinished, first the rest of that one."""
        state = self._state.stream(stream.name)
        if again or state.earliest is None or asked < state.earliest:
            state.earliest = min(asked, state.earliest or asked)
            first = min(asked, state.reached.date()) if state.reached else asked
            state.unfinished = PullPass(began_at=self._began_at, first=first)
            state.reached, state.cursor, state.part = None, None, None
        missing = Missing(format_of(self._connector.source, stream.form))
        pages, records = self._result.pages, self._result.records
        while True:
            now, resumed = self._clock.now(), state.unfinished
            current = resumed or PullPass(
                began_at=self._began_at, first=stream.plan.first(state.reached or now, state.earliest or asked)
            )
            state.unfinished = current
            self._windows(stream, state, current, missing)
            # What changed after that pull began, it may have missed.
            state.reached, state.unfinished = current.began_at, None
            is_done = resumed is None or now - current.began_at < RESUMED_WITHIN
            if is_done:
                self._state.done.append(stream.name)
            self._save()
            if is_done:
                break
        self._result.warnings += missing.sentences(f"{self._name}, {stream.name}")
        self._result.reached[stream.name] = state.reached
        log.info(
            "%s, %s: %s pages with %s records; up to date at %s UTC",
            self._name,
            stream.name,
            f"{self._result.pages - pages:,}",
            f"{self._result.records - records:,}",
            f"{state.reached:%Y-%m-%d %H:%M}",
        )

    def _windows(self, stream: Stream, state: StreamState, current: PullPass, missing: Missing) -> None:
        now, until = self._clock.now(), current.until
        windows = [item for item in stream.plan.windows(current.first, now) if until is None or item.end > until]
        if stream.plan.unit == "feed":
            windows = self._feed(state, windows[0])
        for number, window in enumerate(windows, start=1):
            self._window(stream, state, window, missing)
            current.until = min(window.end, now)
            self._save()
            if number % PROGRESS_EVERY == 0 and number < len(windows):
                log.info("%s, %s: %s, day %d of %d", self._name, stream.name, window.name, number, len(windows))

    def _feed(self, state: StreamState, window: Window) -> list[Window]:
        """The feed's next file: one that was begun not long ago, else a new one."""
        part = state.part
        is_begun = part is not None and self._clock.now() - part.begun_at < RESUMED_WITHIN
        name = part.window if part and is_begun else window.name
        return [Window(name, window.start, window.end, state.cursor)]

    def _window(self, stream: Stream, state: StreamState, window: Window, missing: Missing) -> None:
        """Write a window's file; of a feed as many as it fills, the cursor moving after each."""
        for number in count(1):
            name = window.name if number == 1 else f"{window.name}-{number}"
            target, part = self._target(stream, state, Window(name, window.start, window.end))
            is_whole = self._fill(
                stream, state, Window(name, part.start, part.end, state.cursor), target, part, missing
            )
            if part.pages == 0 or (stream.plan.unit == "feed" and part.records == 0):
                target.discard()
            else:
                self._result.files += target.finish()
            state.part = None
            if stream.plan.unit == "feed":
                state.cursor = part.position or state.cursor
            self._save()
            if is_whole:
                return

    def _target(self, stream: Stream, state: StreamState, window: Window) -> tuple[Target, PartialFile]:
        """The window's file to write to: resumed where a pull stopped in it not long ago, else a new one."""
        now, old = self._clock.now(), state.part
        if old is not None:
            target = Target(self._settings, self._path(stream.name, old.window, stream.suffix), old.size_bytes)
            if old.window == window.name and now - old.begun_at < RESUMED_WITHIN and target.is_resumed:
                return target, old
            target.discard()
        return Target(self._settings, self._path(stream.name, window.name, stream.suffix)), PartialFile(
            window=window.name, start=window.start, end=window.end, begun_at=now
        )

    def _fill(
        self, stream: Stream, state: StreamState, window: Window, target: Target, part: PartialFile, missing: Missing
    ) -> bool:
        """Append pages until the last one (True), or until a feed's file is full (False)."""
        is_feed = stream.plan.unit == "feed"
        try:
            for page in stream.pages(self, window, part.position or (window.cursor if is_feed else None)):
                if page.position is not None and page.position == part.position and not page.is_last:
                    raise PullError(
                        f"{stream.name}: the vendor gives the same page again and again, at {window.name}. Pull again; "
                        "if it stays so, report it to the vendor"
                    )
                self._append(stream, page, target, part, missing)
                if page.position is not None:
                    part.position = dict(page.position)
                if page.is_last:
                    return True
                target.flush()
                part.size_bytes, state.part = target.size_bytes, part
                self._save()
                if is_feed and target.size_bytes >= FEED_BYTES:
                    return False
            return True
        except BaseException:
            if part.size_bytes:
                target.close()
            else:
                target.discard()
            raise

    def _append(self, stream: Stream, page: Page, target: Target, part: PartialFile, missing: Missing) -> None:
        if isinstance(page.body, Download):
            self._client.download(page.body, target.stream)
            target.flush()
            records = page.body.count(target.part) if page.body.count else 0
        elif isinstance(page.body, Written):
            records = page.body.write(target.stream)
        else:
            if self._client.holds_secret(page.body):
                raise PullError(f"{stream.name}: an answer repeats the token, so it was not written")
            missing.look(page.records)
            target.add(page.body)
            records = len(page.records)
        part.pages, part.records = part.pages + 1, part.records + records
        self._result.pages += 1
        self._result.records += records

    def _path(self, stream: str, window: str, suffix: str) -> str:
        return window_path(self._connector.source, self._connector.folder(stream), window, suffix)

    def _save(self) -> None:
        write_state(self._settings, self._name, self._state)
