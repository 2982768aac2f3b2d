"""Which rule a kernel is lowered by."""

from __future__ import annotations

from xdsl.dialects import func

from ..errors import CompileError
from .kernel_attrs import schedule_of
from .rules import RULES
from .rules.base import Rule


def rule_of(kernel: func.FuncOp) -> Rule:
    """The rule that the kernel's schedule names."""
    kind = schedule_of(kernel).kind.data
    for rule in RULES:
        if rule.name == kind:
            return rule
    known = ", ".join(rule.name for rule in RULES)
    raise CompileError(f"kernel '{kernel.sym_name.data}' has schedule '{kind}'; known are: {known}")
