"""Kernels: schedules, loops, and the walk to the llvm dialect."""
