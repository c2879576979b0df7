"""The bucket part of `connect`: addresses of exports are asked for, listed once, and kept where that works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import typer

from pipelines import console

if TYPE_CHECKING:
    from pipelines.connect.exports import Exports, Looked


class Session(Protocol):
    """What listing buckets needs of a call of the command."""

    is_asking: bool

    def fail(self, message: str) -> None:
        """Say what is wrong."""


def list_exports(
    session: Session, given: Sequence[str], options: Sequence[str], there: Mapping[str, Any], is_choosing: bool
) -> list[tuple[Exports, Looked]]:
    """The exports in buckets that can be listed, and what that shows.

    Args:
        session: The call of the command.
        given: `SOURCE=ADDRESS`, as options.
        options: `ADDRESS.SETTING=VALUE`, as options.
        there: The values of `scorecard.toml`.
        is_choosing: Whether no system and no bucket was named: those that are set up are listed again, or asked for.
    """
    from pipelines.connect.exports import configured, exports_of, look

    named = list(given)
    if is_choosing:
        named = _chosen(configured(there)) if session.is_asking else configured(there)
    ready: list[tuple[Exports, Looked]] = []
    for exports in exports_of(named, options, there):
        looked = look(exports)
        if looked.fault:
            session.fail(f"{exports.source}: {looked.fault}")
            if not (session.is_asking and typer.confirm("Write its address all the same?", default=False)):
                continue
        else:
            console.say(f"{exports.source}: {exports.bucket} can be listed: {looked.text}.")
        ready.append((exports, looked))
    return ready


def show_credentials(ready: Sequence[tuple[Exports, Looked]]) -> None:
    """Where the credentials of each bucket are looked for, and the permission they need."""
    from pipelines.warehouse.bucket_errors import CREDENTIALS, TO_READ

    console.say("Credentials that `scorecard run` looks for, each in one of these places:")
    for root, scheme in dict.fromkeys((exports.bucket.root, exports.bucket.scheme) for exports, _ in ready):
        console.say(f"  {root}: {CREDENTIALS[scheme]}; needed: {TO_READ[scheme]}")


def _chosen(there: Sequence[str]) -> list[str]:
    """The exports that the user names."""
    answer = typer.prompt(
        "Exports in buckets? SOURCE=ADDRESS with commas, as cloud_billing=s3://acme-billing/focus; empty: none",
        default=",".join(there),
        show_default=bool(there),
    )
    return [part.strip() for part in str(answer).split(",") if part.strip()]
