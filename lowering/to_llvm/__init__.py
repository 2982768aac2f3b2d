"""The walk from the loops stage to the llvm dialect, a file for each dialect it reads."""

from .functions import is_kernel, lower_function

__all__ = ["is_kernel", "lower_function"]
