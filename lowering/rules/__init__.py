"""Schedule rules: which groups fuse into one kernel, and how each is lowered to loops."""

from __future__ import annotations

from .attention import AttentionRule
from .base import Rule
from .contraction import ContractionRule
from .copies import CopiesRule
from .elementwise import ElementwiseRule
from .int_contraction import IntContractionRule
from .lines import LinesRule
from .pack import PackRule
from .pack_bytes import PackBytesRule
from .pads import PadsRule
from .reduction import ReductionRule
from .resample import ResampleRule
from .sampling import SamplingRule
from .scalar import ScalarRule
from .scatter import ScatterRule
from .select import SelectRule
from .sort import SortRule
from .stretch import StretchRule
from .suppress import SuppressRule
from .transpose import TransposeRule
from .window import WindowRule
from .winograd import WinogradRule

RULES: tuple[Rule, ...] = (
    AttentionRule(),
    WindowRule(),
    WinogradRule(),
    LinesRule(),
    ContractionRule(),
    IntContractionRule(),
    ReductionRule(),
    TransposeRule(),
    ElementwiseRule(),
    CopiesRule(),
    PadsRule(),
    PackRule(),
    PackBytesRule(),
    ResampleRule(),
    ScatterRule(),
    SamplingRule(),
    SortRule(),
    SelectRule(),
    StretchRule(),
    SuppressRule(),
    ScalarRule(),
)
"""Tried in order; the first that accepts a group takes it. Depthwise convolutions are windows before they are contractions."""
