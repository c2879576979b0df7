"""What commands share: options, settings, the catalog, and exits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import ValidationError

from pipelines import console
from pipelines.settings import SAMPLE_CATALOG, Settings

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from pipelines.catalog.catalog import Catalog
    from pipelines.catalog.domains.members import AiMember

FAILED, MISUSED = 1, 2


Home = Annotated[Path | None, typer.Option(help="Folder for everything the pipeline writes.", show_default="data/")]
Landing = Annotated[
    str | None, typer.Option(help="The vendors' exports: a folder or a bucket.", show_default="HOME/landing")
]
CatalogFolder = Annotated[
    Path | None, typer.Option("--catalog", help="The AI workforce as YAML.", show_default="HOME/catalog")
]


def settings_of(home: Path | None = None, landing: str | None = None, catalog: Path | None = None) -> Settings:
    """The settings of a command: its options, then the environment and scorecard.toml. Exits where one is wrong."""
    given = {"home": home and home.expanduser(), "landing": landing, "catalog": catalog and catalog.expanduser()}
    # Other values come from the environment and scorecard.toml.
    try:
        return Settings.model_validate({key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        # Without what was given, which may be a secret.
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        usage_error(
            "wrong settings in scorecard.toml, the environment or the options: " + "; ".join(map(_sentence, faults))
        )


def _sentence(fault: ErrorDetails) -> str:
    """A setting, and what is wrong with it."""
    said = "there is no such setting" if fault["type"] == "extra_forbidden" else fault["msg"]
    said = said.removeprefix("Value error, ")
    return f"`{'.'.join(map(str, fault['loc']))}`: {said}" if fault["loc"] else said


def day(option: str, text: str | None) -> date | None:
    """The day given to `option`; None where none was. Exits where it is no day."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        usage_error(f"{option} is `{text}`, expected a day such as 2026-01-31.")


def require_known(what: str, given: str, there_are: Sequence[str]) -> None:
    """Exit if `given` is not the name of a `what` in the catalog; `there_are`: the names in it."""
    if given not in there_are:
        usage_error(
            f"there is no {what} `{given}` in the catalog. There are: {', '.join(sorted(there_are)) or 'none'}."
        )


def member_of(catalog: Catalog, model: str) -> AiMember:
    """The AI member of this id. Exits where there is none."""
    require_known("model", model, [one.id for one in catalog.members])
    return next(one for one in catalog.members if one.id == model)


def check_landing(settings: Settings) -> None:
    """Exit where a landing folder does not exist; buckets are asked later, and one that is not there stops nothing.

    The home's own folder need not exist where a source has a place of its own.
    """
    is_optional = settings.landing is None and len(settings.places) > 1
    for place in settings.places[1:] if is_optional else settings.places:
        if isinstance(place, Path) and not place.is_dir():
            usage_error(
                f"the landing folder {place} does not exist. Pull into it (scorecard pull), put exports there, choose "
                "another with `landing` in scorecard.toml or --landing, or generate a sample company: "
                "scorecard scenario --out DIR"
            )


def catalog_of(settings: Settings) -> Catalog:
    """The catalog. Exits where there is none, or where it has errors."""
    from pipelines.catalog.documents import CatalogError
    from pipelines.catalog.load import load_catalog

    if not settings.catalog_dir.is_dir():
        usage_error(
            f"the catalog folder {settings.catalog_dir} does not exist. `scorecard connect` drafts one; choose another "
            f"with --catalog; {SAMPLE_CATALOG} is an example."
        )
    try:
        return load_catalog(settings.catalog_dir)
    except CatalogError as error:
        console.complain(str(error))
        raise typer.Exit(MISUSED) from None


def usage_error(message: str) -> NoReturn:
    """Exit: the command was called in a way that cannot work."""
    console.complain(message)
    raise typer.Exit(MISUSED)
