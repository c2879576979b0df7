"""The command `connect`: asks, tests, shows what it would change, and writes it once that is confirmed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import console
from pipelines.cli.common import FAILED, CatalogFolder, Home, settings_of, usage_error
from pipelines.cli.drafting import draft_catalog
from pipelines.cli.exports import list_exports, show_credentials

if TYPE_CHECKING:
    from pipelines.connect.system import System, Tried
    from pipelines.settings import Settings
    from pipelines.settings.pulls import PullSettings

commands = typer.Typer()


@dataclass
class _Session:
    """What a call of the command works with: whether it may ask, the tokens it has seen, and what it found."""

    is_asking: bool
    tokens: dict[str, str] = field(default_factory=dict)
    tested: dict[str, Tried] = field(default_factory=dict)
    has_failed: bool = False

    def confirmed(self, question: str) -> bool:
        """Whether the user says yes; without questions: yes."""
        return not self.is_asking or typer.confirm(question, default=True)

    def fail(self, message: str) -> None:
        """Say what is wrong; the command goes on and exits with 1."""
        self.has_failed = True
        console.complain(message)

    def guard(self, text: str) -> str:
        """`text`, which is about to be written. Exits where it holds a token."""
        if any(token in text for token in self.tokens.values()):
            usage_error(
                "a setting holds the token itself, so nothing was written. Name the variable or the file it is in."
            )
        return text


@commands.command(
    epilog="`scorecard connect` — asks · "
    "`scorecard connect pagerduty jira --set jira.base_url=https://acme.atlassian.net --set jira.projects=OPS --yes` · "
    "`scorecard connect --bucket cloud_billing=s3://acme-billing/focus --yes` · "
    "`scorecard connect --model 'Fraud detector' --yes` — drafts the catalog for what is connected"
)
def connect(
    systems: Annotated[
        list[str] | None, typer.Argument(metavar="SYSTEM", show_default="asks; with --yes, those in scorecard.toml")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SYSTEM.SETTING=VALUE", help="A setting; lists with commas. Never a token."),
    ] = None,
    buckets: Annotated[
        list[str] | None,
        typer.Option("--bucket", metavar="SOURCE=ADDRESS", help="Where a source's exports are; may be repeated."),
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", metavar="NAME", help="An AI model that you have; may be repeated.")
    ] = None,
    company: Annotated[str | None, typer.Option(help="The company's name, for a new catalog.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; accept only what is sure.")] = False,
    home: Home = None,
    catalog: CatalogFolder = None,
) -> None:
    """Set up pulls and buckets, and draft the catalog: test tokens and addresses, write `scorecard.toml` and the files.

    A token is read from an environment variable or a file, or typed for the test; it is never an option, and is never
    written or shown. What is there is kept: run it again at any time. Exits with 1 if a system or a bucket could not
    be connected.
    """
    from pipelines.connect.config import ConfigError
    from pipelines.connect.system import OptionError

    session = _Session(is_asking=not yes)
    try:
        settings = _connected(session, systems or [], set_ or [], buckets or [], home, catalog)
        draft_catalog(session, settings, models or [], company)
    except (ConfigError, OptionError) as error:
        usage_error(str(error))
    except typer.Abort:
        usage_error("no answer, so the rest was left as it was. Without a terminal, name the systems and add --yes.")
    _show_next(settings)
    raise typer.Exit(FAILED if session.has_failed else 0)


def _connected(
    session: _Session, asked: list[str], options: list[str], buckets: list[str], home: Path | None, catalog: Path | None
) -> Settings:
    """Choose, test and write systems and buckets; the settings as they are afterwards."""
    from pipelines.connect.config import FILE, read, values_of
    from pipelines.connect.exports import split, tables
    from pipelines.connect.system import given

    path = Path(FILE)
    text = read(path)
    there = values_of(text)
    of_systems, of_buckets = split(options)
    values = given(of_systems)
    is_choosing = not asked and not buckets
    pulled = there.get("pulls", {})
    names = asked
    if is_choosing:
        names = _chosen(pulled) if session.is_asking else list(pulled)
    ready = _systems(session, [*names, *values], values, pulled)
    listed = list_exports(session, buckets, of_buckets, there, is_choosing)
    changes = {**({"pulls": {system.name: system.table() for system in ready}} if ready else {}), **tables(listed)}
    if home is not None and "home" not in there and changes:
        changes["home"] = str(home)
    _write_config(session, path, text, changes)
    if ready:
        _show_secrets(ready)
    if listed:
        show_credentials(listed)
    return settings_of(home, catalog=catalog)


def _systems(
    session: _Session, names: list[str], values: dict[str, dict[str, str]], there: dict[str, dict[str, object]]
) -> list[System]:
    """Those of the systems that are ready to be pulled from, with the values given and those that are there."""
    from pipelines.connect.system import System, connector_of

    ready: list[System] = []
    for name in dict.fromkeys(names):
        system = System(connector_of(name), dict(there.get(name, {})))
        system.update(values.get(name, {}))
        if _is_ready(session, system):
            ready.append(system)
    return ready


def _chosen(there: dict[str, object]) -> list[str]:
    """The systems that the user names, from a list of them."""
    from pipelines.pulls.connectors import all_connectors

    connectors = list(all_connectors().values())
    console.say("Systems that can be pulled from:")
    for number, connector in enumerate(connectors, start=1):
        console.say(
            f"  {number:>2}  {connector.name:<12} {connector.title}{'  (set up)' if connector.name in there else ''}"
        )
    answer = typer.prompt(
        "Which do you use? Names or numbers, with commas", default=",".join(there) or None, show_default=bool(there)
    )
    words = [word.strip() for word in str(answer).replace(",", " ").split()]
    return [connectors[int(w) - 1].name if w.isdecimal() and 0 < int(w) <= len(connectors) else w for w in words]


def _is_ready(session: _Session, system: System) -> bool:
    """Ask for what is missing, test the token, and say what was found; whether its settings may be written."""
    from pipelines.connect.system import settings_class

    title = system.connector.title
    optional = (
        ["user"] if "user" in settings_class(system.connector).model_fields and "user" not in system.values else []
    )
    if session.is_asking:
        for setting in dict.fromkeys([*system.missing(), *optional]):
            if setting not in _choices(system):
                _ask(system, setting)
    if faults := system.faults():
        session.fail(f"{title}: {'; '.join(faults)}. Not written.")
        return False
    missing = [setting for setting in system.missing() if setting not in _choices(system)]
    if missing:
        session.fail(f"{title}: {_what_to_set(system, missing)}. Not written.")
        return False
    result = _test(session, system)
    if result.fault:
        session.fail(f"{title}: {result.fault}")
        written = session.is_asking and typer.confirm("Write its settings all the same?", default=False)
        return written and not system.missing()
    if result.note:
        session.has_failed = session.has_failed or system.connector.look is not None
        console.say(f"{title}: not tested: {result.note}.")
    else:
        console.say(f"{title}: the token works: found {result.text}.")
    return _has_chosen(session, system, result)


def _choices(system: System) -> list[str]:
    """The settings that choose from what the vendor has; asked for once that is known."""
    from pipelines.connect.system import settings_class

    fields = settings_class(system.connector).model_fields
    return [name for name, item in fields.items() if str(item.annotation).startswith("tuple")]


def _ask(system: System, setting: str) -> None:
    from pipelines.connect.system import settings_class

    field_ = settings_class(system.connector).model_fields[setting]
    console.say(f"  {system.name}.{setting}: {field_.description}")
    default = None if setting in system.missing() else ""
    answer = str(typer.prompt(f"  {system.name}.{setting}", default=default, show_default=False))
    if answer:
        system.update({setting: answer})


def _what_to_set(system: System, missing: list[str]) -> str:
    from pipelines.connect.system import settings_class

    fields = settings_class(system.connector).model_fields
    wanted = [f"--set {system.name}.{name}=… ({(fields[name].description or '').rstrip('.')})" for name in missing]
    return f"add {' and '.join(wanted)}"


def _test(session: _Session, system: System) -> Tried:
    """Test the token that its settings name, or one that is typed for the test alone."""
    from pipelines.connect.system import Tried, tried
    from pipelines.pulls.run import SystemClock

    if system.name not in session.tokens:
        console.say(f"{system.connector.title} needs {system.connector.permission}.")
        try:
            session.tokens[system.name] = system.own().token().get_secret_value()
        except ValueError as error:
            typed = _typed(str(error)) if session.is_asking else ""
            if not typed:
                return Tried(note=str(error))
            session.tokens[system.name] = typed
    result = tried(system, session.tokens[system.name], SystemClock())
    session.tested[system.name] = result
    return result


def _typed(why: str) -> str:
    """A token, typed; empty where none is."""
    console.say(f"  {why}. A token that you type now is used for this test only, and kept nowhere.")
    answer = typer.prompt("  Token (hidden; empty: no test)", default="", hide_input=True, show_default=False)
    return str(answer).strip()


def _has_chosen(session: _Session, system: System, result: Tried) -> bool:
    """Have the lists chosen that are missing, from what was found; whether all are there."""
    for setting in system.missing():
        listing = next((item for item in result.listings if item.setting == setting), None)
        names = [value for value, _ in listing.names] if listing else []
        if not session.is_asking:
            found = f" Found: {', '.join(names)}." if names else ""
            session.fail(f"{system.connector.title}: {_what_to_set(system, [setting])}.{found} Not written.")
            return False
        for value, label in listing.names if listing else ():
            console.say(f"  {value}{f'  {label}' if label else ''}")
        answer = str(typer.prompt(f"  Which {setting}? With commas", default=",".join(names) or None))
        system.update({setting: answer})
        if faults := system.faults():
            session.fail(f"{system.connector.title}: {'; '.join(faults)}. Not written.")
            return False
        result = _test(session, system) if system.name in session.tested else result
        if result.fault:
            session.fail(f"{system.connector.title}: {result.fault}")
            return False
    return True


def _write_config(session: _Session, path: Path, text: str, changes: dict[str, object]) -> None:
    from pipelines.connect.config import diff, edited, write

    new = session.guard(edited(text, changes))
    lines = diff(text, new, str(path))
    if not lines:
        console.say(f"{path}: nothing to change.")
        return
    for line in lines:
        console.say(line)
    if session.confirmed(f"Write {path}?"):
        write(path, new)
        console.say(f"Written: {path}")


def _show_secrets(systems: list[System]) -> None:
    """The variables and files that have to hold a token, without their values."""
    console.say("Tokens that `scorecard pull` reads; keep them where your secrets are:")
    for system in systems:
        state = "set" if _has_token(system.own()) else "not set"
        place = f"{system.place}=" if "token_env" in system.values else f"the file {system.place}"
        console.say(f"  {place:<24} # {state}; {system.connector.title}: {system.connector.permission}")


def _show_next(settings: Settings) -> None:
    """What to do now."""
    pulls = settings.pulls.configured()
    unset = [own.token_env for own in pulls.values() if own.token_env and not _has_token(own)]
    steps = [f"set {', '.join(unset)}"] if unset else []
    if pulls:
        steps.append("scorecard pull")
    if settings.catalog_dir.joinpath("workforce").is_dir():
        steps += ["scorecard run", "scorecard doctor"]
    if steps:
        console.say(f"Next: {', then '.join(steps)}. Names that only the data show: scorecard connect, again.")


def _has_token(own: PullSettings) -> bool:
    try:
        own.token()
    except ValueError:
        return False
    return True
