"""Edits of `scorecard.toml`: values are added and changed, never removed; comments, order and other tables stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from pipelines import files

FILE = "scorecard.toml"


class ConfigError(Exception):
    """The file cannot be edited: says why, and what to do."""


def values_of(text: str) -> dict[str, Any]:
    """What the file holds.

    Raises:
        ConfigError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{FILE} is not valid TOML: {error}. Correct it there") from None


def edited(text: str, changes: Mapping[str, Any]) -> str:
    """The file's text with these values; mappings are tables. A value that is the same is not touched.

    Raises:
        ConfigError: the text is not TOML, or cannot be edited so that exactly these values change.
    """
    expected = _merged(values_of(text), changes)
    try:
        document = tomlkit.parse(text)
        _set(document, changes)
        result = tomlkit.dumps(document)
        found: object = tomllib.loads(result)
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError) as error:
        found, result = error, ""
    if found != expected:
        lines = tomlkit.dumps(dict(changes)).strip()
        raise ConfigError(f"{FILE} cannot be edited without changing something else. Add this by hand:\n{lines}")
    return result


def diff(old: str, new: str, path: str, context: int = 0) -> list[str]:
    """The lines that differ, as a unified diff; none where nothing does.

    `context`: lines around them. None of `scorecard.toml`: they may hold a password of another table.
    """
    return list(unified_diff(old.splitlines(), new.splitlines(), path, path, n=context, lineterm=""))


def read(path: Path) -> str:
    """The file's text as it is; empty where there is none."""
    return path.read_bytes().decode() if path.exists() else ""


def write(path: Path, text: str) -> None:
    """Replace the file, atomically."""
    files.replace(path, text)


def _set(table: Any, changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            if key not in table:
                table[key] = {} if isinstance(table, InlineTable) else _table(value)
            _set(table[key], value)
        elif key not in table or table[key] != value:
            table[key] = value


def _table(value: Mapping[str, Any]) -> Any:
    # A table of tables alone has no header of its own.
    is_super = bool(value) and all(isinstance(part, Mapping) for part in value.values())
    return tomlkit.table(is_super_table=is_super)


def _merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in changes.items():
        if isinstance(value, Mapping):
            before = merged.get(key, {})
            merged[key] = _merged(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged
