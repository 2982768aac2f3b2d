"""Schedule rules: which groups fuse into one kernel, and how each is lowered to loops."""

from __future__ import annotations

from .base import Rule

RULES: tuple[Rule, ...] = ()
"""Tried in order; the first that accepts a group takes it."""
