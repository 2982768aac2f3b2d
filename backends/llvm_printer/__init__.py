"""The llvm dialect (with `tw_llvm`) as LLVM IR text: a translation op by op, nothing is decided here."""

from .module import print_llvm_ir

__all__ = ["print_llvm_ir"]
