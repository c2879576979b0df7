"""A system that is connected: its settings as they are given, and a test of its token.

A token is read from where its settings say, or was typed for the test; it is sent to the vendor and kept nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.errors import PullError
from pipelines.pulls.run import client_of
from pipelines.pulls.spec import Clock, Connector, Listing
from pipelines.settings.pulls import PullSettings, PullsSettings

VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
UNCHECKED = "it has no test before the pull: `scorecard pull {}` shows whether its token works"


class OptionError(Exception):
    """An option is wrong: says which, and what is expected. It does not repeat the value, which may be a secret."""


def given(options: Sequence[str]) -> dict[str, dict[str, str]]:
    """System → setting → value, of options such as `jira.base_url=https://…`.

    Raises:
        OptionError: an option has another form, or names a system or a setting that there is not.
    """
    found: dict[str, dict[str, str]] = {}
    for option in options:
        name, _, value = option.partition("=")
        system, _, setting = name.partition(".")
        if not value or not setting:
            raise OptionError("--set has another form: expected SYSTEM.SETTING=VALUE, as in jira.projects=OPS,ML")
        connector = connector_of(system)
        fields = list(settings_class(connector).model_fields)
        if setting not in fields:
            own = "; the token itself does not belong here" if "token" in setting or "key" in setting else ""
            raise OptionError(f"--set: {system} has no setting of that name{own}. It has: {', '.join(fields)}")
        if setting == "token_env" and not VARIABLE.fullmatch(value):
            raise OptionError(
                f"--set {system}.token_env: expected the name of an environment variable in capitals, such as "
                f"{connector.token_variable}; the token itself does not belong here"
            )
        found.setdefault(system, {})[setting] = value
    return found


def connector_of(system: str) -> Connector:
    """The connector of this name.

    Raises:
        OptionError: there is none.
    """
    try:
        return all_connectors()[system]
    except KeyError:
        known = ", ".join(all_connectors())
        raise OptionError(f"there is no connector of that name. There are: {known}") from None


def settings_class(connector: Connector) -> type[PullSettings]:
    """The type of its table in `[pulls]`."""
    annotation = PullsSettings.model_fields[connector.name].annotation
    found: type[PullSettings] = next(item for item in get_args(annotation) if item is not type(None))
    return found


@dataclass
class System:
    """A system with the values that are known of its settings: as in `scorecard.toml`, or as they were given."""

    connector: Connector
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Propose a variable for the token where none is set."""
        if not {"token_env", "token_file"} & set(self.values):
            self.values["token_env"] = self.connector.token_variable

    @property
    def name(self) -> str:
        """Its name in `[pulls]`."""
        return self.connector.name

    @property
    def place(self) -> str:
        """Where its token is looked for."""
        return str(self.values.get("token_env") or self.values.get("token_file"))

    def update(self, values: Mapping[str, str]) -> None:
        """Set these, written as text."""
        fields = settings_class(self.connector).model_fields
        for key, text in values.items():
            is_list = get_origin(fields[key].annotation) is tuple
            self.values[key] = [part.strip() for part in text.split(",") if part.strip()] if is_list else text

    def missing(self) -> list[str]:
        """The settings that it needs and that have no value yet, the address first."""
        lacks_address = self.connector.base_url is None and not self.values.get("base_url")
        return (["base_url"] if lacks_address else []) + [
            str(fault["loc"][0]) for fault in self._faults() if fault["type"] in ("missing", "too_short")
        ]

    def faults(self) -> list[str]:
        """A sentence for each value that is wrong."""
        return [
            f"`{self.name}.{'.'.join(map(str, fault['loc']))}`: {fault['msg'].removeprefix('Value error, ')}".replace(
                ".`", "`"
            )
            for fault in self._faults()
            if fault["type"] not in ("missing", "too_short")
        ]

    def own(self) -> PullSettings:
        """Its settings; those that are missing are not there. Only without faults."""
        cls = settings_class(self.connector)
        if not self._faults():
            return cls.model_validate(self.values)
        common = {key: value for key, value in self.values.items() if key in PullSettings.model_fields}
        rest = {key: value for key, value in self.values.items() if key not in common}
        return cls.model_construct(**PullSettings.model_validate(common).model_dump(), **rest)

    def table(self) -> dict[str, Any]:
        """Its table for `scorecard.toml`, typed."""
        dumped = self.own().model_dump(exclude_unset=True)
        return {key: _plain(value) for key, value in dumped.items() if value is not None}

    def _faults(self) -> list[Any]:
        try:
            settings_class(self.connector).model_validate(self.values)
        except ValidationError as error:
            return list(error.errors(include_url=False, include_input=False, include_context=False))
        return []


@dataclass(frozen=True)
class Tried:
    """What came of a test: what the vendor has, or what is wrong; `note`: why nothing was tested."""

    listings: tuple[Listing, ...] = ()
    fault: str | None = None
    note: str | None = None

    @property
    def text(self) -> str:
        """What was found, in words."""
        return ", ".join(listing.text for listing in self.listings)


def tried(system: System, token: str, clock: Clock) -> Tried:
    """Test a token by the look that its connector declares, each request once."""
    connector, own = system.connector, system.own()
    if connector.look is None:
        return Tried(note=UNCHECKED.format(connector.name))
    try:
        client = client_of(connector, own, token, clock, tries=1)
    except PullError as error:
        return Tried(fault=str(error))
    try:
        listings = tuple(connector.look(client, own, clock.now()))
    except PullError as error:
        return Tried(fault=client.scrubbed(str(error)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # The answer is of no known shape; its text may hold anything.
        return Tried(fault=f"the answer has another shape than documented ({type(error).__name__}). Check `base_url`")
    finally:
        client.close()
    if any(client.holds_secret(f"{value} {label}".encode()) for item in listings for value, label in item.names):
        return Tried(fault="its answer repeats the token, so nothing of it is shown or written")
    return Tried(listings, _unseen(system, listings))


def _unseen(system: System, listings: Sequence[Listing]) -> str | None:
    """The chosen things that the token may not see."""
    for listing in listings:
        chosen = system.values.get(listing.setting or "", [])
        seen = {value for value, _ in listing.names}
        unseen = [value for value in chosen if value not in seen]
        if unseen and listing.is_whole:
            return (
                f"the token may not see {', '.join(unseen)}: found {', '.join(sorted(seen)) or 'none'}. "
                f"Correct `{listing.setting}`, or give its user access. Needed: {system.connector.permission}"
            )
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value
