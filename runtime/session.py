"""Running a compiled model: input checks, one table per shape and concurrent run, and the call into native code."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInputError, BadOptionError, RunError
from .bound import BoundRun, check_apart, check_bound
from .codes import FAILED, HOST_FAILED, KERNEL_ERRORS, MAX_BYTES, NO_MEMORY
from .executable import Executable, Interface, TensorSpec
from .frame import Scratches
from .growth import Growth, read_array
from .host_calls import HostState
from .memory import ALIGNMENT, address_of, aligned_bytes, guarded_bytes, guarded_copy
from .model_file import write_program
from .objects import as_object
from .pool import PoolCode, process_pool, resolve_threads
from .ports import Ports

Array = NDArray[Any]
_NOTHING: Array = np.empty(0, np.uint8)
"""Where a tensor would be, for an input that is an object."""
Feeds = Mapping[str, Any] | Sequence[Any]
Shapes = tuple[tuple[int, ...], ...]

_empty = np.empty

_ARENA_WORD, _SCRATCH_WORD = 0, 1
MAX_IDLE_FRAMES = 4
"""Arenas that are kept per shape for later runs; a burst of concurrent runs frees the rest."""
MAX_SHAPES = 64
"""Shapes whose plans are kept; the oldest goes first."""


@dataclass
class Plan:
    """What one assignment of the input symbols leads to."""

    table: NDArray[np.int64]
    input_shapes: Shapes
    output_shapes: Shapes
    outputs: tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]
    """Shape and dtype of each output."""
    piece_bytes: tuple[int, ...]
    idle: list[Frame]


@dataclass
class Frame:
    """Memory of one run in flight: the bound table, the arena and scratch it points into, and the call that runs on them."""

    words: memoryview
    call: Callable[[], int]
    keep: list[Any]
    host: HostState | None = None


class Session:
    """A model ready to run. Safe to call from several threads; each run in flight has an arena of its own.

    Args:
        executable: the compiled model.
        threads: how many threads run a kernel, the calling one included; None: as many as affinity and quota allow.
        guard: every buffer ends at a protected page, so that an access past its end stops the process (slow; for tests).
    """

    def __init__(self, executable: Executable, *, threads: int | None = None, guard: bool = False) -> None:
        self.executable = executable
        self.threads = resolve_threads(threads)
        self.guard = guard
        if self.threads > 1:
            process_pool(PoolCode.of(executable.code)).serve(self.threads)
        self._weights = [self._resident(key) for key in executable.interface.weights]
        self._plans: dict[Shapes, Plan] = {}
        self._ports = Ports(executable.interface)
        self._grown_outputs = executable.interface.grown_outputs
        self._is_quick = not guard and not executable.interface.object_inputs
        self._symbols = _symbol_sources(executable.interface)

    def with_guard(self) -> Session:
        """The same code in a session of guard mode."""
        return Session(self.executable, threads=self.threads, guard=True)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the compiled model to a file that `tilewright.load` takes; see docs/deployment.md."""
        write_program(self.executable.program, Path(path))

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Name, dtype and shape of every input; a dynamic dim is the text of its expression.

        One with a `default` need not be given.
        """
        return self.executable.interface.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """Name, dtype and shape of every output."""
        return self.executable.interface.outputs

    def run(self, feeds: Feeds) -> dict[str, Array]:
        """Run on arrays by name or by position; returns fresh arrays by output name.

        Inputs may be non-contiguous, misaligned or read-only (they are copied where needed), or any DLPack or buffer object.

        Raises:
            BadInputError: an input is missing, unknown, or has another dtype, rank or dim than expected.
            RunError: a kernel met an index out of range or a size that can't be; names the ONNX nodes.
        """
        ports = self._ports
        arrays = ports.quick(feeds) if self._is_quick else None
        plan = None if arrays is None else self._plans.get(tuple([a.shape for a in arrays]))
        objects: dict[int, Any] = {}
        if arrays is None or plan is None:
            arrays, objects = self._arrays(feeds)
            plan = self._plans.get(tuple([a.shape for a in arrays])) or self._plan(arrays)
        outputs = self._new_outputs(plan)
        frame = self._take_frame(plan)
        try:
            ports.bind(frame.words, "input", arrays)
            ports.bind(frame.words, "output", outputs)
            if frame.host is not None:
                frame.host.begin(objects)
            code = frame.call()
            if code:
                raise self._error(code, frame.host)
            for index, word in self._grown_outputs.items():
                outputs[index] = self._grown(frame, index, word)
            for index, place in self.executable.interface.object_outputs.items():
                assert frame.host is not None
                outputs[index] = frame.host.objects[place]
        finally:
            if len(plan.idle) < MAX_IDLE_FRAMES:
                plan.idle.append(frame)
        return dict(zip(ports.output_names, outputs, strict=True))

    def bind(self, inputs: Mapping[str, Array], outputs: Mapping[str, Array] | None = None) -> BoundRun:
        """Bind arrays to run on them again and again without checks and copies.

        Args:
            inputs: every input by name, with the dtype and shape it needs, C-contiguous and aligned.
            outputs: arrays that results are written to; those that are missing are made.

        Raises:
            BadInputError: an array can't be used in place, or an output shares memory with another array.
            BadOptionError: in guard mode, where native code gets no memory of the caller's; for a model with an output whose
                size depends on data, or with values that are no numeric tensors.
        """
        interface = self.executable.interface
        for reason, holds in (
            ("guard mode copies every array", self.guard),
            ("an output's size depends on data", bool(interface.grown_outputs)),
            ("some values are no numeric tensors", bool(interface.objects)),
        ):
            if holds:
                raise BadOptionError(f"no arrays can be bound: {reason}")
        arrays, _ = self._arrays(inputs)
        plan = self._plan(arrays)
        check_bound(self.inputs, plan.input_shapes, inputs)
        made = dict(zip(self._ports.output_names, self._new_outputs(plan), strict=True))
        check_bound(self.outputs, plan.output_shapes, outputs or {})
        targets = made | dict(outputs or {})
        check_apart(inputs, targets)
        frame = self._new_frame(plan)
        self._ports.bind(frame.words, "input", [inputs[name] for name in self._ports.input_names])
        self._ports.bind(frame.words, "output", list(targets.values()))
        return BoundRun(dict(inputs), targets, frame.call, self._error, frame.keep)

    def _resident(self, key: str) -> Array:
        """A weight as kernels read it: row-major, 64-byte aligned. The executable keeps this form, not a second one."""
        array = self.executable.weights[key]
        if self.guard:
            return guarded_copy(array)
        if not array.flags.c_contiguous or address_of(array) % ALIGNMENT:
            copy = aligned_bytes(array.nbytes).view(array.dtype).reshape(array.shape)
            copy[...] = array
            self.executable.weights[key] = array = copy
        return array

    # -- inputs -------------------------------------------------------------------------------------------------------
    def _arrays(self, feeds: Feeds) -> tuple[list[Array], dict[int, Any]]:
        """The arrays of tensor inputs (an empty one for an object), and the objects by place."""
        specs = self.inputs
        if isinstance(feeds, Mapping):
            unknown = [name for name in feeds if name not in {s.name for s in specs}]
            if unknown:
                raise BadInputError(unknown[0], "one of " + ", ".join(s.name for s in specs), "an unknown name")
            given = feeds
        else:
            given = self._by_position(feeds)
        missing = [s.name for s in specs if s.name not in given and s.default is None]
        if missing:
            raise BadInputError(missing[0], "an array", "nothing")
        values = [given[s.name] if s.name in given else self.executable.weights[s.default or ""] for s in specs]
        places = self.executable.interface.object_inputs
        objects = {place: as_object(specs[index], values[index]) for index, place in places.items()}
        return [_NOTHING if s.kind else self._check(s, v) for s, v in zip(specs, values, strict=True)], objects

    def _by_position(self, feeds: Sequence[Any]) -> dict[str, Any]:
        """Arrays for all inputs, or for those without a default, in order."""
        required = [s.name for s in self.inputs if s.default is None]
        names = required if len(feeds) == len(required) else [s.name for s in self.inputs]
        if len(feeds) != len(names):
            wanted = f"{len(required)} or {len(names)}" if len(required) < len(names) else f"{len(names)}"
            raise BadInputError("inputs", f"{wanted} arrays", f"{len(feeds)}")
        return dict(zip(names, feeds, strict=True))

    def _check(self, spec: TensorSpec, value: Any) -> Array:
        array = _as_array(value)
        if array.dtype != spec.dtype:
            raise BadInputError(spec.name, f"dtype {spec.dtype}", f"{array.dtype}")
        if array.ndim != len(spec.dims):
            raise BadInputError(spec.name, f"rank {len(spec.dims)} {list(spec.dims)}", f"rank {array.ndim} {list(array.shape)}")
        for axis, (expected, got) in enumerate(zip(spec.dims, array.shape, strict=True)):
            if isinstance(expected, int) and expected != got:
                raise BadInputError(spec.name, f"{expected} at dim {axis} of {list(spec.dims)}", f"{got}")
        aligned = array.ctypes.data % array.dtype.itemsize == 0
        if self.guard:
            return guarded_copy(array)
        return array if array.flags.c_contiguous and aligned else np.array(array, order="C")

    # -- plans --------------------------------------------------------------------------------------------------------
    def _plan(self, arrays: Sequence[Array]) -> Plan:
        """The plan for these shapes, kept for later runs; BadInputError where they don't go together."""
        plan = self._make_plan(tuple(arrays[i].shape[axis] for i, axis in self._symbols))
        for spec, array, shape in zip(self.inputs, arrays, plan.input_shapes, strict=True):
            if array.shape != shape and not spec.kind:
                raise BadInputError(spec.name, f"shape {list(shape)} ({list(spec.dims)})", f"{list(array.shape)}")
        while len(self._plans) >= MAX_SHAPES:
            with suppress(KeyError, StopIteration, RuntimeError):  # another thread was faster
                self._plans.pop(next(iter(self._plans)))
        return self._plans.setdefault(tuple(array.shape for array in arrays), plan)

    def _make_plan(self, key: tuple[int, ...]) -> Plan:
        interface = self.executable.interface
        dims = np.array(key, np.int64)
        table = np.zeros(interface.words, np.int64)
        code = self.executable.plan(address_of(dims), address_of(table))
        if code:
            raise RunError(f"planning for dims {dict(zip(interface.symbols, key, strict=True))} failed with code {code}")
        if table[_ARENA_WORD] > MAX_BYTES:
            named = dict(zip(interface.symbols, key, strict=True))
            raise BadInputError("inputs", f"dims for which all results of nodes have {MAX_BYTES} bytes at most", f"{named}")
        facts = iter(table[interface.facts_start :].tolist())
        inputs, outputs = (
            tuple(tuple(next(facts) for _ in spec.dims) for spec in specs) for specs in (interface.inputs, interface.outputs)
        )
        named = dict(zip(interface.symbols, key, strict=True))
        for check in interface.assumptions:
            if next(facts) < 0:
                raise BadInputError("inputs", f"dims for which {check.text}", f"{named}", node=", ".join(check.nodes) or None)
        for index, (spec, shape) in enumerate(zip(interface.outputs, outputs, strict=True)):
            if any(d < 0 for d in shape) and index not in interface.grown_outputs:
                raise BadInputError("inputs", f"dims for which output '{spec.name}' {list(spec.dims)} has a shape", f"{named}")
        results = tuple(zip(outputs, self._ports.output_dtypes, strict=True))
        return Plan(table, inputs, outputs, results, tuple(facts), [])

    # -- frames -------------------------------------------------------------------------------------------------------
    def _take_frame(self, plan: Plan) -> Frame:
        try:
            return plan.idle.pop()
        except IndexError:
            return self._new_frame(plan)

    def _new_frame(self, plan: Plan) -> Frame:
        table = plan.table.copy()
        words = memoryview(table)  # pyright: ignore[reportArgumentType]  # numpy says only from Python 3.12 on that it is a buffer
        make = guarded_bytes if self.guard else aligned_bytes
        scratches = Scratches(self.threads, int(table[_SCRATCH_WORD]), make)
        keep: list[Any] = [scratches, table]
        self._ports.bind(words, "weight", self._weights)
        if self.guard:
            pieces = [guarded_bytes(size) for size in plan.piece_bytes]
            self._ports.bind(words, "arena", pieces)
            keep += pieces
        else:
            arena = aligned_bytes(int(table[_ARENA_WORD]))
            self._ports.rebase(words, "arena", address_of(arena))
            keep.append(arena)
        arguments = ctypes.c_void_p(address_of(scratches.context)), ctypes.c_void_p(address_of(table))
        return Frame(words, partial(self.executable.run, *arguments), keep, self._grow_in(scratches, table, keep))

    def _grow_in(self, scratches: Scratches, table: NDArray[np.int64], keep: list[Any]) -> HostState | None:
        """What a run of data-dependent sizes or of calls to the host needs."""
        interface = self.executable.interface
        if not (interface.checks or interface.objects):
            return None
        growth = Growth(interface.slots, scratches, table, _SCRATCH_WORD, self.guard)
        keep.append(growth)
        return HostState(interface.calls, interface.objects, table, growth) if interface.objects else None

    def _new_outputs(self, plan: Plan) -> list[Array]:
        outputs = [_empty(shape, dtype) for shape, dtype in plan.outputs]
        return [guarded_copy(np.zeros_like(output)) for output in outputs] if self.guard else outputs

    def _grown(self, frame: Frame, index: int, word: int) -> Array:
        """An output whose dims the run has found."""
        interface = self.executable.interface
        spec = interface.outputs[index]
        start = interface.facts_start + sum(len(s.dims) for s in (*interface.inputs, *interface.outputs[:index]))
        shape = tuple(frame.words[start : start + len(spec.dims)].tolist())
        return read_array(frame.words[word], shape, spec.dtype, guarded_copy if self.guard else np.copy)

    def _error(self, code: int, host: HostState | None = None) -> RunError:
        if code == FAILED | HOST_FAILED and host is not None:
            return host.failure()
        if code == NO_MEMORY:
            return RunError("there is no memory for a result", stage="run")
        if code & FAILED:
            check = self.executable.interface.checks[code & ~FAILED]
            return RunError(check.text, node=", ".join(check.nodes), stage="run")
        launch = self.executable.interface.launches[(code >> 16) - 1]
        reason = KERNEL_ERRORS.get(code & 0xFFFF, f"kernel error {code & 0xFFFF}")
        nodes = ", ".join(launch.nodes) or "(made by the compiler)"
        return RunError(reason, node=nodes, op=launch.kernel, stage="run")


def _symbol_sources(interface: Interface) -> list[tuple[int, int]]:
    """For each symbol the input and axis whose dim it names."""
    found: dict[str, tuple[int, int]] = {}
    for index, spec in enumerate(interface.inputs):
        for axis, dim in enumerate(spec.dims):
            if isinstance(dim, str):
                found.setdefault(dim, (index, axis))
    return [found[symbol] for symbol in interface.symbols]


def _as_array(value: Any) -> Array:
    if isinstance(value, np.ndarray):
        return cast(Array, value)
    if hasattr(value, "__dlpack__"):
        return cast(Array, np.from_dlpack(value))
    return np.asarray(value)
