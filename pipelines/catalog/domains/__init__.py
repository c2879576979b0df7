"""The domains of the catalog, one module each: types, constraints between entries, and tables.

A module may have `check`, which yields what is wrong between entries, and `TABLES`, which SQL sees. A new domain is a
module, which is found, and a field of what holds it: `members`, `company`, or a kind of file of its own (`load`).
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def all_domains() -> list[ModuleType]:
    """Every module of this package, by name."""
    return [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
