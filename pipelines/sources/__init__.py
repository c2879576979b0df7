"""Sources, one module each, discovered: a module here that defines `SOURCE` is a source."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from pipelines.sources.spec import Source


@cache
def all_sources() -> dict[str, Source]:
    """Every source by name, in alphabetical order."""
    found: dict[str, Source] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        source = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SOURCE", None)
        if isinstance(source, Source):
            found[source.name] = source
    return found
