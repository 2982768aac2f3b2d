"""The target a module is compiled for: its `kernel.target` attribute, the host's model when it has none."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp, StringAttr

from ..backends.targets import TargetModel, get_target


def target_of(module: ModuleOp) -> TargetModel:
    """The module's target model; UnknownTargetError when the attribute names none we know."""
    found = module.attributes.get("kernel.target")
    return get_target(found.data if isinstance(found, StringAttr) else "host")
