"""Schedule rules: which groups fuse into one kernel, and how each is lowered to loops."""

from __future__ import annotations

from .base import Rule
from .contraction import ContractionRule
from .elementwise import ElementwiseRule
from .reduction import ReductionRule
from .window import WindowRule

RULES: tuple[Rule, ...] = (ContractionRule(), WindowRule(), ReductionRule(), ElementwiseRule())
"""Tried in order; the first that accepts a group takes it."""
