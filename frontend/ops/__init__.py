"""Import rules by family. Importing this package fills the registry."""

from . import (
    activation,
    contraction,
    control,
    einsum,
    elementwise,
    indexing,
    loops,
    movement,
    normalization,
    pool,
    recurrent,
    reduction,
    resize,
    sequence,
    slicing,
    tensor,
)

__all__ = [
    "activation",
    "contraction",
    "control",
    "einsum",
    "elementwise",
    "indexing",
    "loops",
    "movement",
    "normalization",
    "pool",
    "recurrent",
    "reduction",
    "resize",
    "sequence",
    "slicing",
    "tensor",
]
