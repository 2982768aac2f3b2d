"""The rewrite driver: every graph and kernel rewrite goes through here.

A pattern says which ops it may match (its roots, the type argument) and rewrites one of them:

    class DropDoubleNegation(Pattern[NegOp]):
        \"\"\"neg(neg(x)) -> x\"\"\"

        def rewrite(self, op: NegOp, rewriter: Rewriter) -> bool:
            inner = producer(op.x, NegOp)
            if inner is None:
                return False
            rewriter.replace(op, inner.x)
            return True

    @dataclass(frozen=True)
    class DropNegationsPass(PatternPass):
        name = "drop-negations"
        patterns = (DropDoubleNegation(),)

`rewrite` returns whether it changed anything, and changes IR only through the rewriter. A root may be a base class
(`Pattern[BinaryOp]`) or a union. Of several patterns for one op the higher `benefit` goes first, then the earlier in the list.

The driver keeps a worklist: all ops once in program order, then only what a rewrite touched (new ops, users of replaced
values, producers of operands that lost a use). Pure ops without users are erased on the way. An op inserted or modified by a
rewrite carries the locations of all ops that the rewrite made go away. The number of rewrites is bounded: patterns that undo
each other end in a CompileError that names them. An op that no pattern matches costs about 3 us.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from types import UnionType
from typing import Any, ClassVar, Generic, TypeVar, Union, cast, get_args, get_origin

from xdsl.context import Context
from xdsl.dialects.builtin import FunctionType, ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint
from xdsl.rewriter import Rewriter as Edit
from xdsl.traits import IsTerminator, Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from ..dialects.graph.base import check_result
from ..dialects.graph.location import location_of, set_location
from ..dialects.graph.types import order_of, tensor_type
from ..errors import CompileError
from .session import CompileSession, current_session

OpT = TypeVar("OpT", bound=Operation)
RootT = TypeVar("RootT", bound=Operation, contravariant=True)

REWRITES_PER_OP = 40
REWRITES_AT_LEAST = 2000
CULPRIT_WINDOW = 200


class Pattern(ABC, Generic[RootT]):
    """One rewrite; its type argument (or `roots`, for a table of classes) names the ops it may match."""

    roots: ClassVar[tuple[type[Operation], ...]] = ()
    benefit: ClassVar[int] = 1

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "roots" in cls.__dict__:
            return
        for base in getattr(cls, "__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Pattern):
                cls.roots = _root_types(get_args(base)[0]) or cls.roots

    @property
    def name(self) -> str:
        return type(self).__name__

    @abstractmethod
    def rewrite(self, op: RootT, rewriter: Rewriter) -> bool:
        """Rewrite `op` through the rewriter; False, with nothing changed, where the pattern doesn't match."""


AnyPattern = Pattern[Any]


def _root_types(argument: Any) -> tuple[type[Operation], ...]:
    if get_origin(argument) in (Union, UnionType):
        return tuple(part for member in get_args(argument) for part in _root_types(member))
    return (argument,) if isinstance(argument, type) and issubclass(argument, Operation) else ()


def producer(value: SSAValue, kind: type[OpT]) -> OpT | None:
    """The op of this class that defines `value`, or None."""
    owner = value.owner
    return cast(OpT, owner) if is_kind(type(owner), kind) else None


@lru_cache(maxsize=4096)
def is_kind(found: type[object], kind: type[object]) -> bool:
    """issubclass, remembered: graph ops have an abstract base, which makes each instance check go through Python's ABC cache."""
    return issubclass(found, kind)


def users(value: SSAValue) -> list[Operation]:
    """The ops that use `value`, one entry a use, in no particular order."""
    return [use.operation for use in value.uses]


_ERASABLE: dict[type[Operation], bool] = {}


def is_dead(op: Operation) -> bool:
    """Whether `op` is pure and nothing uses its results."""
    for result in op.results:
        if result.first_use is not None:
            return False
    kind = type(op)
    erasable = _ERASABLE.get(kind)
    if erasable is None:
        traits = [trait for trait in (Pure, IsTerminator, SymbolOpInterface) if kind.has_trait(trait)]
        erasable = _ERASABLE[kind] = traits == [Pure]
    return erasable


class Worklist:
    """Ops to look at: a stack on which each op stands once. Taken ops and forgotten ones are skipped lazily."""

    def __init__(self, ops: Iterable[Operation]) -> None:
        self._stack = list(ops)
        self._stack.reverse()
        self._waiting = set(self._stack)

    def push(self, op: Operation) -> None:
        if op not in self._waiting:
            self._waiting.add(op)
            self._stack.append(op)

    def forget(self, op: Operation) -> None:
        self._waiting.discard(op)

    def take(self) -> Operation | None:
        """The op on top, None when no op is left."""
        while self._stack:
            op = self._stack.pop()
            if op in self._waiting:
                self._waiting.discard(op)
                return op
        return None


class Rewriter:
    """Changes IR on behalf of one pattern at a time, and tells the driver what to look at again."""

    def __init__(self, session: CompileSession, worklist: Worklist) -> None:
        self.session = session
        self.retyped: dict[FuncOp, None] = {}
        self._worklist = worklist
        self._root: Operation | None = None
        self._touched: list[Operation] = []
        self._moved: list[Operation] = []
        self._erased: list[Operation] = []
        self._orphans: list[Operation] = []

    # -- what patterns call -------------------------------------------------------------------------------------------
    def insert(self, op: OpT, before: Operation | None = None) -> OpT:
        """Insert a new op, before the root unless told otherwise, and return it."""
        anchor = before if before is not None else self._root
        assert anchor is not None
        Edit.insert_op(op, InsertPoint.before(anchor))
        self._touched.append(op)
        if op.regions:
            self._moved.extend(op.walk())
        return op

    def replace(self, op: Operation, *new: Operation | SSAValue) -> None:
        """Replace the results of `op` by values, or by those of one op (inserted before `op` if it is new), and erase `op`."""
        values: list[SSAValue] = []
        for item in new:
            if isinstance(item, Operation):
                values.extend((self.insert(item, before=op) if item.parent is None else item).results)
            else:
                values.append(item)
        for old, value in zip(op.results, values, strict=True):
            self.replace_uses(old, value)
        self.erase(op)

    def replace_uses(self, old: SSAValue, new: SSAValue) -> None:
        """Let every user of `old` use `new`; where the type gets more specific, function types follow."""
        _check_type(old, new)
        for use in old.uses:
            self._worklist.push(use.operation)
            parent = use.operation.parent_op()
            if isinstance(use.operation, ReturnOp) and isinstance(parent, FuncOp):
                self.retyped[parent] = None
        old.replace_all_uses_with(new)

    def erase(self, op: Operation) -> None:
        """Erase an op that has no users, and what is in its regions."""
        gone = list(op.walk()) if op.regions else [op]
        for inner in gone:
            self._worklist.forget(inner)
            self._orphans.extend(o.owner for o in inner.operands if isinstance(o.owner, Operation))
        self._erased.extend(gone)
        Edit.erase_op(op)

    def modify(self, op: Operation) -> None:
        """Say that the pattern changed properties or result types of `op` in place."""
        self._touched.append(op)
        for result in op.results:
            for use in result.uses:
                self._worklist.push(use.operation)

    def set_operand(self, op: Operation, index: int, value: SSAValue) -> None:
        """Give `op` another operand in place."""
        owner = op.operands[index].owner
        if isinstance(owner, Operation):
            self._orphans.append(owner)
        op.operands[index] = value
        self.modify(op)

    def inline(self, block: Block, before: Operation, arguments: Sequence[SSAValue] = ()) -> None:
        """Move the ops of `block` before an op, its arguments replaced by these values; the block goes away."""
        self._moved.extend(block.ops)
        Edit.inline_block(block, InsertPoint.before(before), arguments)

    # -- what the driver calls ----------------------------------------------------------------------------------------
    def begin(self, root: Operation) -> None:
        self._root = root
        self._touched.clear()
        self._moved.clear()
        self._erased.clear()
        self._orphans.clear()

    @property
    def changed(self) -> bool:
        return bool(self._touched or self._moved or self._erased)

    def finish(self, root: Operation) -> None:
        """After a rewrite: erase what died with it, hand its locations on, and queue what it touched."""
        self.sweep()
        names = tuple(name for op in reversed(self._erased) for name in location_of(op))
        for op in self._touched if names else ():
            set_location(op, (*location_of(op), *names))
        for op in reversed([*self._touched, *self._moved, root]):
            if op.parent is not None:
                self._worklist.forget(op)
                self._worklist.push(op)

    def sweep(self) -> None:
        """Erase the ops that lost their last user, then in turn their producers; queue those that still have users."""
        while self._orphans:
            op = self._orphans.pop()
            if op.parent is None:
                continue
            if is_dead(op):
                self.erase(op)
            else:
                self._worklist.push(op)


def _check_type(old: SSAValue, new: SSAValue) -> None:
    """CompileError where a value is about to be replaced by one of another element type, rank, memory order or static dim."""
    if old.type is new.type or old.type == new.type:
        return
    try:
        check_result(new.type, tensor_type(old))
        if order_of(old) != order_of(new):
            raise TypeError(f"memory order {order_of(old)} becomes {order_of(new)}")
    except (VerifyException, TypeError) as error:
        raise CompileError(f"replacing a value of type {old.type} by one of type {new.type}: {error}") from error


class _Driver:
    """One run of a list of patterns over one op's regions."""

    def __init__(self, scope: Operation, patterns: Sequence[AnyPattern], label: str, session: CompileSession) -> None:
        ops = list(scope.walk())
        self.patterns = sorted(patterns, key=lambda p: -p.benefit)
        self.label = label
        self.session = session
        self.worklist = Worklist(ops)
        self.rewriter = Rewriter(session, self.worklist)
        self.cap = REWRITES_AT_LEAST + REWRITES_PER_OP * len(ops)
        self.recent: deque[str] = deque(maxlen=CULPRIT_WINDOW)
        self.count = 0
        self._table: dict[type[Operation], tuple[AnyPattern, ...]] = {}

    def run(self) -> int:
        while not self.session.rewrites.exhausted and (op := self.worklist.take()) is not None:
            if is_dead(op):
                self._erase_dead(op)
                continue
            for pattern in self._matching(type(op)):
                if self._try(pattern, op):
                    break
        for function in self.rewriter.retyped:
            _update_results(function)
        return self.count

    def _matching(self, kind: type[Operation]) -> tuple[AnyPattern, ...]:
        found = self._table.get(kind)
        if found is None:
            found = self._table[kind] = tuple(p for p in self.patterns if issubclass(kind, p.roots))
        return found

    def _erase_dead(self, op: Operation) -> None:
        self.rewriter.begin(op)
        self.rewriter.erase(op)
        self.rewriter.sweep()

    def _try(self, pattern: AnyPattern, op: Operation) -> bool:
        self.rewriter.begin(op)
        subject = location_of(op) if self.session.rewrites.limit is not None else ()
        matched = pattern.rewrite(op, self.rewriter)
        if matched != self.rewriter.changed:
            claim = "changed IR but returned False" if self.rewriter.changed else "returned True but changed nothing"
            raise CompileError(f"pattern {pattern.name} {claim}", op=op.name, stage=self.label)
        if matched:
            self.rewriter.finish(op)
            self._account(pattern, f"{op.name} {', '.join(subject)}")
        return matched

    def _account(self, pattern: AnyPattern, subject: str) -> None:
        self.count += 1
        self.recent.append(pattern.name)
        self.session.rewrites.add(self.label, pattern.name, subject)
        if self.count > self.cap:
            culprits = ", ".join(
                f"{name} ({n} of the last {len(self.recent)})" for name, n in Counter(self.recent).most_common(4)
            )
            raise CompileError(f"rewriting does not end after {self.count} rewrites, still firing: {culprits}", stage=self.label)


def _update_results(function: FuncOp) -> None:
    """Let the function's type follow the operands of its return."""
    last = function.body.blocks[-1].last_op
    if function.parent is not None and isinstance(last, ReturnOp):
        function.function_type = FunctionType.from_lists(function.function_type.inputs.data, [v.type for v in last.operands])


def rewrite(scope: Operation, patterns: Sequence[AnyPattern], label: str, session: CompileSession | None = None) -> int:
    """Apply patterns to all ops in `scope` until none matches; returns the number of rewrites.

    `label` names the pass in statistics and errors. CompileError when the patterns don't come to an end or a pattern's return
    value doesn't say what it did.
    """
    return _Driver(scope, patterns, label, session or current_session()).run()


class PatternPass(ModulePass, ABC):
    """A pass that is a list of patterns, applied together until none matches."""

    patterns: ClassVar[tuple[AnyPattern, ...]]

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        rewrite(op, self.patterns, self.name)
