"""What one compilation carries beside its IR: the weights, the target and the account of its rewrites.

xDSL hands a pass only `(ctx, module)`. The rest is the active session:

    with CompileSession(weights=store, target="x86-64-v4").activate():
        FoldConstantsPass().apply(ctx, module)

Where none is active (a pass run by the stock `xdsl-opt`, a unit test), `current_session` makes an empty one, which stays
active for the rest of that thread or task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from .. import knobs
from ..runtime.weights import WeightStore


@dataclass
class RewriteCount:
    """Which patterns fired how often, and after how many to stop: halving the limit finds the rewrite that breaks a model."""

    limit: int | None = field(default_factory=knobs.rewrite_limit)
    total: int = 0
    by_pattern: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    last: str = ""
    """The last rewrite done: with a limit, the one to suspect."""

    @property
    def exhausted(self) -> bool:
        return self.limit is not None and self.total >= self.limit

    def add(self, pass_name: str, pattern: str, subject: str = "") -> None:
        self.total += 1
        self.by_pattern[pass_name, pattern] += 1
        self.last = f"{self.total}: {pass_name}/{pattern} {subject}".rstrip()

    def table(self) -> str:
        """One line a pattern, the busiest first."""
        rows = [f"{count:6} {name}/{pattern}" for (name, pattern), count in self.by_pattern.most_common()]
        return "\n".join([*rows, f"{self.total:6} rewrites"])


@dataclass
class CompileSession:
    """State of one compilation. `target` is the name of the target model, None where no pass may depend on one yet.

    A `#graph.weight` key that the store doesn't hold is unresolved (a dump without its weights): passes leave it alone.
    """

    weights: WeightStore = field(default_factory=WeightStore)
    target: str | None = None
    rewrites: RewriteCount = field(default_factory=RewriteCount)
    strict_math: bool = field(default_factory=knobs.strict_math)
    """No algorithm that rounds differently from the sum it computes: convolutions are not run as Winograd."""

    @contextmanager
    def activate(self) -> Generator[CompileSession]:
        """Make this the session that `current_session` gives, until the block ends."""
        token = _ACTIVE.set(self)
        try:
            yield self
        finally:
            _ACTIVE.reset(token)


_ACTIVE: ContextVar[CompileSession | None] = ContextVar("tilewright_session", default=None)


def current_session() -> CompileSession:
    """The active session; a new empty one where there is none."""
    session = _ACTIVE.get()
    if session is None:
        session = CompileSession()
        _ACTIVE.set(session)
    return session
