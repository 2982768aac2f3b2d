"""Every error that tilewright raises on purpose.

A message names the ONNX node, the op and the stage it came from where they are known, stays on one line (the command
line prints it as it is), and ends with how to reproduce it where that helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class TilewrightError(Exception):
    """Base of all errors of this package.

    Args:
        message: what is wrong, and what was expected instead.
        node: name of the ONNX node the error is about.
        op: its op type, such as ``Conv`` or ``graph.conv``.
        stage: the stage of ``compiler.py`` or the pass at work.
        reproduce: a command that shows the error again.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str | None = None,
        op: str | None = None,
        stage: str | None = None,
        reproduce: str | None = None,
    ) -> None:
        self.message = message
        self.node = node
        self.op = op
        self.stage = stage
        self.reproduce = reproduce
        super().__init__(message)

    def __str__(self) -> str:
        named = f"node '{self.node}'" if self.node else ""
        subject = f"{named} ({self.op})" if named and self.op else named or self.op
        text = ": ".join(part for part in (self.stage, subject, self.message) if part)
        return f"{text} [reproduce: {self.reproduce}]" if self.reproduce else text


class BadModelError(TilewrightError):
    """The file isn't a valid ONNX model: no protobuf, truncated, bad external data, a wrong graph."""


class BadExecutableError(TilewrightError):
    """The file isn't a compiled model that this version reads: truncated, damaged, or of another version."""


class ShapeError(TilewrightError):
    """Shapes in the model contradict each other or the op's rules."""


class CompileError(TilewrightError):
    """A stage after import failed; this is a defect of ours unless the message says otherwise."""


class RunError(TilewrightError):
    """A kernel stopped: an index out of range, a negative size, no memory."""


class BadOptionError(TilewrightError, ValueError):
    """An option or environment variable has a value that it can't have."""


class RegistrationError(TilewrightError, ValueError):
    """A custom op is registered in a way that can't be, or does something else than its registration says."""


class UnknownTargetError(BadOptionError):
    """No such target; lists the ones there are."""

    def __init__(self, target: str, known: Iterable[str]) -> None:
        self.target = target
        super().__init__(f"unknown target '{target}', known are: {', '.join(known)}")


class UnsupportedPlatformError(TilewrightError):
    """This operating system or processor can't run tilewright's code."""


class BadInputError(TilewrightError, ValueError):
    """An array given to ``run`` doesn't fit the input it is meant for."""

    def __init__(self, name: str, expected: object, got: object, *, node: str | None = None) -> None:
        self.name = name
        self.expected = expected
        self.got = got
        super().__init__(f"input '{name}': expected {expected}, got {got}", node=node)


class UnsupportedNode(NamedTuple):
    """A node that can't be imported. ``reason`` says more where the op as such is known."""

    node: str
    op: str
    domain: str
    opset: int
    reason: str = ""

    @property
    def kind(self) -> str:
        """What the node is, without its name: nodes of one kind are reported together."""
        text = f"{self.op} ({self.domain or 'ai.onnx'} opset {self.opset})"
        return f"{text}, {self.reason}," if self.reason else text


class UnsupportedOpError(TilewrightError):
    """Lists every node of the model that can't be imported, grouped by kind."""

    def __init__(self, nodes: Sequence[UnsupportedNode], *, reproduce: str | None = None) -> None:
        self.nodes = tuple(nodes)
        kinds: dict[str, list[str]] = {}
        for node in self.nodes:
            kinds.setdefault(node.kind, []).append(f"'{node.node}'")
        listing = "; ".join(f"{kind} at {', '.join(names)}" for kind, names in kinds.items())
        super().__init__(f"{len(self.nodes)} unsupported node(s): {listing}", stage="import", reproduce=reproduce)

    @property
    def by_op(self) -> Mapping[str, int]:
        """Number of unsupported nodes for each op type."""
        counts: dict[str, int] = {}
        for node in self.nodes:
            counts[node.op] = counts.get(node.op, 0) + 1
        return counts


class AheadOfTimeError(TilewrightError):
    """A model that runs from Python but can't become an object of its own. Lists every node that is in the way."""

    def __init__(self, message: str, nodes: Iterable[str]) -> None:
        self.nodes = tuple(dict.fromkeys(nodes))
        super().__init__(f"{message}: {', '.join(self.nodes)}", stage="aot")
