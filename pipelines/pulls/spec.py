"""What a connector is: where a vendor's API is, what to ask it for, and in which windows of time.

Plain values only. How requests are sent lives in `client`, how pages are written in `files`; which endpoint gives what
lives in the connector's own module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from pipelines.settings.pulls import PullSettings

Json = Any
Position = Mapping[str, Any]
"""Where a pull goes on within a window, as JSON: an offset, a token; what it means, its connector knows."""


class Clock(Protocol):
    """The time, and waiting; tests have their own."""

    def now(self) -> datetime:
        """The current time, UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


@dataclass(frozen=True)
class Window:
    """A part of a stream, written as one file and replaced as a whole: the records of [`start`, `end`).

    `cursor`: for a feed, where the vendor said to go on; None at its beginning.
    """

    name: str
    start: datetime
    end: datetime
    cursor: Position | None = None


@dataclass(frozen=True)
class Download:
    """An answer too large for memory, copied to the file as it arrives: of a GET of `path`.

    `check`: raises ValueError where its beginning or its end, some kilobytes each, shows that it is not whole.
    `count`: the records of the file it was copied to; None where it is not kept as it came.
    """

    path: str
    params: Mapping[str, str]
    check: Callable[[bytes, bytes], None]
    count: Callable[[Path], int] | None = None


@dataclass(frozen=True)
class Written:
    """What is written of an answer that is not kept as it came: `write` appends it, and returns how many records."""

    write: Callable[[BinaryIO], int]


@dataclass(frozen=True)
class Page:
    """One answer of the vendor: its bytes, its records, and where to go on after it, of a feed also after its last."""

    body: bytes | Download | Written
    records: Sequence[Json] = ()
    position: Position | None = None
    is_last: bool = False


class Api(Protocol):
    """What a connector may ask of the vendor and of what was pulled before."""

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The JSON answer to a GET."""

    def post(self, path: str, body: Json) -> Answer:
        """The JSON answer to a POST that changes nothing at the vendor's."""

    def file(self, wanted: Download) -> AbstractContextManager[Path]:
        """An answer too large for memory, whole, in a file that is removed afterwards."""

    def wait(self, seconds: float) -> None:
        """Wait until the vendor may have done what it was asked to."""

    def pulled(self, stream: str, window: Window) -> Iterator[Json]:
        """The pages that another stream has for the same window."""


@dataclass(frozen=True)
class Answer:
    """A JSON answer: its bytes as they came, what they say, and its headers."""

    body: bytes
    json: Json
    headers: Mapping[str, str] = field(default_factory=dict)


class Asker(Protocol):
    """What a connector may ask of the vendor to see what there is."""

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Answer:
        """The JSON answer to a GET."""

    def download(self, wanted: Download, into: BinaryIO) -> None:
        """Copy an answer that is not JSON to `into`."""


@dataclass(frozen=True)
class Listing:
    """The things of one kind that a vendor has, by the first page of their list.

    `things`: what they are, as one and as many: `("service", "services")`. `names`: what settings and the catalog call
    each, and what people do. `kind`: the source's kind of name they are in the catalog; None: none. `setting`: the
    setting that chooses from them; None: none does. `is_whole`: whether there are no more of them.
    """

    things: tuple[str, str]
    names: Sequence[tuple[str, str | None]]
    kind: str | None = None
    setting: str | None = None
    is_whole: bool = True

    @property
    def text(self) -> str:
        """How many there are."""
        more = "" if self.is_whole else " and more"
        return f"{len(self.names):,} {self.things[len(self.names) != 1]}{more}"


@dataclass(frozen=True)
class Plan:
    """How a stream is cut into windows.

    `unit`: `day`, a file a day, named by it; `since`, one file from the first of a month to now, for lists without a
    filter by time; `all`, one file of a list that is short; `feed`, a file per pull, for a vendor that says where to go
    on. `overlap`: how far back before the last pull records may still change: those windows are pulled again.
    `settled`: how long after its end a day is complete; None: the current day is pulled too, and again later.
    """

    unit: Literal["day", "since", "all", "feed"]
    overlap: timedelta = timedelta()
    settled: timedelta | None = None

    def first(self, reached: datetime, earliest: date) -> date:
        """The first day that a pull after one that reached `reached` asks for."""
        return max(earliest, (reached - self.overlap).date())

    def windows(self, first: date, now: datetime) -> list[Window]:
        """The windows from the day `first` to `now`, in order."""
        if self.unit == "feed":
            return [Window(f"{now:%Y-%m-%dT%H%M%SZ}", midnight(first), now)]
        if self.unit == "all":
            return [Window("all", midnight(first), now)]
        if self.unit == "since":
            start = midnight(first.replace(day=1))
            return [Window(f"since-{start:%Y-%m}", start, now)]
        last = (now if self.settled is None else now - self.settled - timedelta(days=1)).date()
        starts = [midnight(first + timedelta(days=number)) for number in range((last - first).days + 1)]
        return [Window(f"{start:%Y-%m-%d}", start, start + timedelta(days=1)) for start in starts]


def midnight(day: date) -> datetime:
    """Its first moment, UTC."""
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True)
class Stream:
    """One list of records of a vendor.

    `name` is its folder in landing. `form` is the format of the source that reads it: its records' path and required
    fields are what an answer is checked by. `pages` asks for a window's pages, after `position` where an earlier pull
    stopped in it.
    """

    name: str
    form: str
    plan: Plan
    pages: Callable[[Api, Window, Position | None], Iterator[Page]]
    suffix: str = ".json"


@dataclass(frozen=True)
class Rate:
    """At most `count` requests in `seconds`: the vendor's limit, kept by waiting."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Connector:
    """A vendor's API.

    `name`: of its table of settings and its state. `source`: what reads its pages; of the same name, but for a model
    vendor's costs, which are a bill. `base_url`: None where every customer has one of its own. `permission`: what the
    token needs, for messages. `headers`: those of each request, the token's among them.
    `look`: what the vendor has, by a small GET with the permission that the pull needs, at a time in UTC; None: the
    pull itself is the first try. `variable`: the environment variable to propose for the token; empty: `<NAME>_TOKEN`.
    """

    name: str
    source: str
    title: str
    base_url: str | None
    permission: str
    headers: Callable[[PullSettings, str], Mapping[str, str]]
    streams: Callable[[PullSettings], Sequence[Stream]]
    rate: Rate | None = None
    look: Callable[[Asker, PullSettings, datetime], Sequence[Listing]] | None = None
    variable: str = ""

    @property
    def token_variable(self) -> str:
        """The environment variable that is proposed for its token."""
        return self.variable or f"{self.name.upper()}_TOKEN"

    def folder(self, stream: str) -> str:
        """Where one of its streams is, below the source's folder of pulls."""
        return stream if self.name == self.source else f"{self.name}/{stream}"
