"""The environment variables that tilewright reads: one row each, typed, read when they are asked for.

    from .. import knobs
    knobs.cache_dir()          # a Path

Nothing else in the package reads ``os.environ``. An empty variable counts as unset.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from .errors import BadOptionError

T = TypeVar("T")

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_FLAGS = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


def _flag(text: str) -> bool:
    return _FLAGS[text.lower()]


def _size(text: str) -> int:
    """``"512M"`` -> bytes."""
    digits = text.lower().removesuffix("b").rstrip("kmg")
    return int(digits) * _UNITS[text.lower().removesuffix("b")[len(digits) :]]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _not_negative(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tilewright"


@dataclass(frozen=True)
class Knob(Generic[T]):
    """One variable. Calling it gives its value now, or the default where it is unset.

    Raises BadOptionError, naming the variable, for a value that it can't have.
    """

    variable: str
    default: Callable[[], T]
    parse: Callable[[str], T]
    expects: str
    doc: str

    def __call__(self) -> T:
        text = os.environ.get(self.variable)
        if not text:
            return self.default()
        try:
            return self.parse(text)
        except (KeyError, ValueError):
            raise BadOptionError(f"{self.variable}={text}: expected {self.expects}") from None


def _no_path() -> Path | None:
    return None


def _no_number() -> int | None:
    return None


cache_dir = Knob("TILEWRIGHT_CACHE_DIR", _default_cache, Path, "a folder", "where compiled objects are kept")
cache_size = Knob("TILEWRIGHT_CACHE_SIZE", lambda: 2 << 30, _size, "bytes, as in 512M or 2G", "bound of the cache")
executable_cache = Knob("TILEWRIGHT_EXECUTABLE_CACHE", lambda: True, _flag, "0 or 1", "keep compiled models there too")
target = Knob("TILEWRIGHT_TARGET", lambda: "host", str, "a target's name", "target where none is asked for")
threads = Knob("TILEWRIGHT_THREADS", _no_number, _positive, "a number above 0", "threads of a session")
dump_ir = Knob("TILEWRIGHT_DUMP_IR", _no_path, Path, "a folder", "write the IR after each stage there")
disable_pass = Knob("TILEWRIGHT_DISABLE_PASS", tuple[str, ...], _names, "names, by comma", "passes left out")
strict_math = Knob("TILEWRIGHT_STRICT_MATH", lambda: False, _flag, "0 or 1", "sums exactly as written: no Winograd")
rewrite_limit = Knob("TILEWRIGHT_REWRITE_LIMIT", _no_number, int, "a number", "stop rewriting after this many")
verify = Knob("TILEWRIGHT_VERIFY", lambda: False, _flag, "0 or 1", "verify the IR between all stages")
guard = Knob("TILEWRIGHT_GUARD", lambda: False, _flag, "0 or 1", "end each buffer at a protected page")
plugins = Knob("TILEWRIGHT_PLUGINS", tuple[str, ...], _names, "modules, by comma", "import these first: they register ops")
perf_map = Knob("TILEWRIGHT_PERF_MAP", lambda: False, _flag, "0 or 1", "name kernels for perf, in /tmp/perf-PID.map")
compile_workers = Knob("TILEWRIGHT_COMPILE_WORKERS", _no_number, _not_negative, "a number", "processes that generate code")

_AT_RUN_TIME = (cache_dir, cache_size, executable_cache, threads, guard, perf_map, compile_workers)


def settings() -> tuple[tuple[str, str], ...]:
    """The variables that are set and may change what a model is compiled to, with their texts."""
    variables = {value.variable for value in globals().values() if isinstance(value, Knob)}  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # of anything
    deciding = sorted(variables - {knob.variable for knob in _AT_RUN_TIME})
    return tuple((name, os.environ[name]) for name in deciding if os.environ.get(name))
