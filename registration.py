"""Ops of other domains than ONNX's own, as users register them. See docs/custom-ops.md.

    tilewright.register_op("my.ops", "Squareplus")(rule)                   # a decomposition into graph ops
    tilewright.register_op("my.ops", "Roll", result=like_first)(element)   # an element of the result

Loads nothing of xdsl or onnx: what is registered is looked at by the importer and by the rule that lowers `graph.custom`.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from . import knobs
from .errors import RegistrationError

F = TypeVar("F", bound=Callable[..., Any])

RESERVED = ("", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training", "ai.onnx.training")


@dataclass(frozen=True)
class CustomRule:
    """How an op is compiled.

    Attributes:
        since: first version of the domain that it holds for, until that of the next registration.
        function: from a node to its outputs; or, with `result`, what one element of the result is.
        result: the type of the result, from the `graph.custom` op that stands for the node.
    """

    domain: str
    name: str
    since: int
    function: Callable[..., Any]
    result: Callable[..., Any] | None

    @property
    def key(self) -> str:
        """What `graph.custom` calls it: domain, name and version."""
        return f"{self.domain}::{self.name}::{self.since}"

    @cached_property
    def digest(self) -> str:
        """Hash of the files that its functions stand in, or of their code where there is none."""
        state = hashlib.sha256()
        for function in (self.function, self.result):
            if function is not None:
                state.update(_source(function))
        return state.hexdigest()[:16]


_rules: dict[tuple[str, str], list[CustomRule]] = {}


def register_op(
    domain: str, name: str, since: int = 1, result: Callable[..., Any] | None = None, replace: bool = False
) -> Callable[[F], F]:
    """Register a function for an op of a domain of one's own; it is returned unchanged.

    Args:
        domain: as in the model; not one of ONNX's.
        name: the op type.
        since: the version of the domain from which on this holds.
        result: makes the function a kernel function, and gives the type of the op's result.
        replace: take the place of an earlier registration, for a notebook that is run again.

    Raises:
        RegistrationError: a domain of ONNX's, no function, or a second one for the same op and version.
    """
    what = f"{domain}.{name}"
    if domain in RESERVED:
        raise RegistrationError(f"domain '{domain}' is ONNX's; register ops in one of your own", op=what)
    if not name.isidentifier() or "::" in domain or since < 1:
        raise RegistrationError(f"an op has a domain, a name and a version from 1 on, got '{name}' since {since}", op=what)

    def register(function: F) -> F:
        if not callable(function):
            raise RegistrationError(f"expected a function, got {function!r}", op=what)
        rows = _rules.setdefault((domain, name), [])
        if not replace and any(row.since == since for row in rows):
            raise RegistrationError(f"version {since} is registered already; pass replace=True to replace it", op=what)
        rows[:] = sorted(
            [*(r for r in rows if r.since != since), CustomRule(domain, name, since, function, result)], key=lambda r: r.since
        )
        return function

    return register


def unregister_op(domain: str, name: str) -> None:
    """Forget all versions of an op."""
    _rules.pop((domain, name), None)


def find_custom(domain: str, name: str, version: int) -> CustomRule | None:
    """What holds for an op at a version of its domain."""
    return next((row for row in reversed(_rules.get((domain, name), [])) if row.since <= version), None)


def find_key(key: str) -> CustomRule | None:
    """The registration that a `graph.custom` op names."""
    domain, name, since = key.split("::")
    return next((row for row in _rules.get((domain, name), []) if row.since == int(since)), None)


def registered_domains() -> frozenset[str]:
    """The domains of all ops that are registered."""
    return frozenset(domain for (domain, _), rows in _rules.items() if rows)


def import_plugins() -> None:
    """Import the modules that TILEWRIGHT_PLUGINS names, which register ops; for the command line tools."""
    for name in knobs.plugins():
        try:
            import_module(name)
        except ImportError as error:
            raise RegistrationError(f"TILEWRIGHT_PLUGINS: can't import '{name}': {error}") from error


def _source(function: Callable[..., Any]) -> bytes:
    """The file that a function stands in, for helpers count as well; its code and what it closes over where it has no file."""
    try:
        file = inspect.getsourcefile(function)
    except TypeError:
        file = None
    path = Path(file) if file is not None else None
    if path is not None and path.is_file():
        return path.read_bytes() + repr(_closure(function)).encode()
    code = getattr(function, "__code__", None)
    return repr((code and (code.co_code, code.co_names, code.co_consts), _closure(function))).encode()


def _closure(function: Callable[..., Any]) -> list[Any]:
    """Values that a function was made with: cells of an enclosing one, and defaults."""
    cells = [c.cell_contents for c in getattr(function, "__closure__", None) or ()]
    defaults = list(getattr(function, "__defaults__", None) or ())
    return [v for v in [*cells, *defaults] if isinstance(v, int | float | str | bytes | tuple | list | dict)]
