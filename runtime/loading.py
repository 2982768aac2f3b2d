"""Sessions of programs. Nothing here needs the compiler, or what it is built on."""

from __future__ import annotations

from pathlib import Path

from .. import knobs
from ..errors import BadOptionError
from .executable import Program, load_program
from .model_file import read_program
from .session import Session


def open_program(program: Program, *, threads: int | None = None, guard: bool = False) -> Session:
    """A session of a program; the knobs say what the arguments leave open."""
    return Session(load_program(program), threads=checked_threads(threads), guard=guard or knobs.guard())


def load_session(path: Path, *, verify: bool = False, threads: int | None = None, guard: bool = False) -> Session:
    """See `tilewright.load`."""
    checked_threads(threads)
    return open_program(read_program(path, verify=verify), threads=threads, guard=guard)


def checked_threads(threads: int | None) -> int | None:
    """How many threads to run on, None for as many as there are. Raises BadOptionError for what is no such number."""
    threads = knobs.threads() if threads is None else threads
    if threads is not None and threads < 1:
        raise BadOptionError(f"threads is a positive number or None, got {threads}")
    return threads
