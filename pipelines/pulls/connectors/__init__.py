"""Connectors, one module per vendor: a module here that defines `CONNECTOR` is one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from pipelines.pulls.spec import Connector


@cache
def all_connectors() -> dict[str, Connector]:
    """Every connector by its name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = (importlib.import_module(f"{__name__}.{name}").CONNECTOR for name in names)
    return {connector.name: connector for connector in found}
