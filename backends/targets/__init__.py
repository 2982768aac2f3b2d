"""Target models: what the compiler knows about a machine it generates code for.

Schedules, lowering and emission read a model, never the machine they happen to run on. A model is a named constant, so
equal inputs and equal target names give byte-identical code; "host" is only a way to pick one of the names. The cache
sizes are those of the smallest common part of each level, for the same reason. docs/adding-a-target.md shows how to add one.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ...errors import UnknownTargetError, UnsupportedPlatformError
from . import models
from .host import host_arch, host_flags, host_parts
from .model import ByteDot, TargetModel

__all__ = ["TARGETS", "ByteDot", "TargetModel", "get_target", "host_target", "runs_here"]


def _found() -> list[TargetModel]:
    """The models of all files in `models`, by architecture, from the most capable down."""
    names = [module.name for module in iter_modules(models.__path__)]
    found: list[TargetModel] = [import_module(f"{models.__name__}.{name}").TARGET for name in names]
    return sorted(found, key=lambda m: (m.arch != "x86-64", -len(m.cpu_flags), m.name))


TARGETS: dict[str, TargetModel] = {model.name: model for model in _found()}
"""Every known model by name; those of one architecture from the most capable down."""


def get_target(name: str) -> TargetModel:
    """The model called `name`; "host" is the most capable one that this machine runs.

    Raises UnknownTargetError, naming the known targets, for any other name.
    """
    if name == "host":
        return host_target()
    try:
        return TARGETS[name]
    except KeyError:
        raise UnknownTargetError(name, ["host", *TARGETS]) from None


def runs_here(target: TargetModel) -> bool:
    """Whether this machine and its operating system can run code for `target`."""
    return target.arch == host_arch() and target.cpu_flags <= host_flags()


@cache
def host_target() -> TargetModel:
    """The model of this machine's cores, or else the most capable one that it runs.

    Raises UnsupportedPlatformError on a processor below every model.
    """
    usable = [model for model in TARGETS.values() if runs_here(model)]
    exact = [model for model in usable if host_parts() and host_parts() <= model.parts]
    for model in (*exact, *usable):
        return model
    raise UnsupportedPlatformError(f"this processor is below every known target ({', '.join(TARGETS)})")
