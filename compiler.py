"""The compiler on one page: every stage in order, and why it stands where it does."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.printer import Printer
from xdsl.universe import Universe
from xdsl.utils.exceptions import VerifyException

from .backends.kernel_reuse import KernelReuse
from .backends.targets import get_target
from .errors import BadOptionError, CompileError, TilewrightError
from .passes.session import CompileSession
from .universe import PASSES, TILEWRIGHT_UNIVERSE, TOOL_DIALECTS

if TYPE_CHECKING:
    import onnx

    from .runtime.executable import Program


@dataclass(frozen=True)
class Stage:
    """Passes that lead from one form of IR to the next, by name."""

    name: str
    passes: tuple[str, ...]
    reason: str


STAGES: tuple[Stage, ...] = (
    Stage("import", (), "nothing is optimised yet, so that this stage shows the model as it is"),
    Stage(
        "graph",
        (
            "recognize-integer-contractions",
            "canonicalize-graph",
            "cse-graph",
            "expand-scans",
            "hoist-invariants",
            "simplify-elementwise",
            "merge-reductions",
            "hoist-slices",
            "sink-movement",
            "canonicalize-graph",
            "absorb-broadcasts",
            "absorb-transposes",
            "recognize-softmax",
            "recognize-norms",
            "recognize-gelu",
            "recognize-activations",
            "hoist-slices",
            "decompose-batch-norm",
            "fuse-scale-shift",
            "fuse-input-scale",
            "absorb-pads",
            "expand-transposed-convs",
            "trim-windows",
            "pull-scales",
            "recognize-attention",
            "widen-half-contractions",
            "canonicalize-graph",
            "cse-graph",
            "assign-layouts",
        ),
        "machine-independent rewrites come first, while an op still says what it means; quantized weights must be seen "
        "before they fold to floats; what is folded and merged first never comes up again; recognisers meet fewer forms once "
        "elementwise ops are simple; folded weights may turn out equal; half types widen when nothing asks for them any more; "
        "memory orders come last because the other rewrites know none",
    ),
    Stage("kernels", ("outline-kernels",), "fusion decides what is one kernel before anything decides how it runs"),
    Stage(
        "schedule",
        ("choose-schedules", "pack-operands", "generalize-kernels", "dedupe-kernels"),
        "schedules need the real shapes; after them dims become runtime sizes, and many kernels turn out equal",
    ),
    Stage(
        "memory",
        ("order-launches", "plan-memory"),
        "which launches there are is final now, so that their order can be; loops will need addresses",
    ),
    Stage("loops", ("lower-kernels", "lower-plan"), "each rule builds the loops of its kernels in standard dialects"),
    Stage(
        "llvm",
        ("expand-math", "lower-to-llvm", "lower-run"),
        "vector math becomes polynomials, one walk does the rest, and the host program calls what came out",
    ),
)

PIPELINES: dict[str, str] = {f"{stage.name}-pipeline": ",".join(stage.passes) for stage in STAGES if stage.passes}
PIPELINES["compile-pipeline"] = ",".join(p for stage in STAGES for p in stage.passes)


@dataclass(frozen=True)
class CompileOptions:
    """How to compile.

    Args:
        target: name of a target model, or "host".
        shapes: sizes by input name that pin dynamic dims.
        disable_passes: passes to leave out.
        dump_dir: where to write one numbered file per stage, with the weights beside them.
        until: the last stage to run.
        strict_math: no algorithm that rounds differently from the sums of the model (Winograd convolution).
        verify: run the IR verifier after every stage.
        reuse_kernels: do not lower kernels whose object is in the cache (never when IR is dumped: it would be incomplete).
        progress: called with the name of each pass before it runs.
    """

    target: str = "host"
    shapes: Mapping[str, Sequence[int]] | None = None
    disable_passes: tuple[str, ...] = ()
    dump_dir: Path | None = None
    until: str = "llvm"
    strict_math: bool = False
    verify: bool = False
    reuse_kernels: bool = True
    progress: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.disable_passes if name not in PASSES]
        if unknown:
            raise BadOptionError(f"no pass is called '{unknown[0]}'; known are: {', '.join(PASSES)}")
        if self.until not in {stage.name for stage in STAGES}:
            raise BadOptionError(f"no stage is called '{self.until}'; known are: {', '.join(s.name for s in STAGES)}")


@dataclass
class Compilation:
    """IR under way, with what belongs to it."""

    module: ModuleOp
    session: CompileSession
    context: Context
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Time by pass."""
    reuse: KernelReuse | None = None
    """Kernels whose objects were in the cache, if that was asked for."""


def make_context() -> Context:
    """An xDSL context that knows every dialect of ours and of xDSL's."""
    context = Context()
    for name, factory in (Universe.get_multiverse().all_dialects | TOOL_DIALECTS).items():
        context.register_dialect(name, factory)
    return context


@contextmanager
def _paused_collector() -> Generator[None]:
    """Without Python's cycle collector: it walks all IR again and again, finds next to nothing, and costs a third of the time.

    Peak memory was the same with and without it on the zoo's networks.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_paused_collector()
def compile_to_ir(model: str | os.PathLike[str] | bytes | onnx.ModelProto, options: CompileOptions) -> Compilation:
    """Import a model and run the stages up to `options.until`."""
    from .frontend.importer import import_model

    target = get_target(options.target)
    session = CompileSession(target=target.name, strict_math=options.strict_math)
    started = time.perf_counter()
    with session.activate():
        module = import_model(model, session.weights, shapes=options.shapes)
    module.attributes["kernel.target"] = StringAttr(target.name)
    compilation = Compilation(module, session, make_context())
    if options.reuse_kernels and options.dump_dir is None and options.until == STAGES[-1].name:
        compilation.reuse = KernelReuse()
    compilation.seconds["import"] = time.perf_counter() - started
    run_stages(compilation, options)
    return compilation


def run_stages(compilation: Compilation, options: CompileOptions) -> None:
    """Run all stages up to the last that is asked for, writing a numbered dump of each where that is asked for."""
    with compilation.session.activate():
        for number, stage in enumerate(STAGES):
            if stage.name == "loops" and compilation.reuse is not None:
                compilation.reuse.take(compilation.module)
            for name in stage.passes:
                if name not in options.disable_passes:
                    _run_pass(compilation, name, stage, options)
            if options.verify:
                verify(compilation.module, stage.name)
            if options.dump_dir is not None:
                dump(compilation.module, options.dump_dir / f"{number:02}-{stage.name}.mlir")
            if stage.name == options.until:
                break
    if options.dump_dir is not None:
        compilation.session.weights.save(options.dump_dir)


def _run_pass(compilation: Compilation, name: str, stage: Stage, options: CompileOptions) -> None:
    if options.progress is not None:
        options.progress(name)
    started = time.perf_counter()
    pass_type: type[ModulePass] = TILEWRIGHT_UNIVERSE.all_passes[name]()
    try:
        pass_type().apply(compilation.context, compilation.module)
    except TilewrightError as error:
        error.stage = error.stage or f"{stage.name}/{name}"
        raise
    except (VerifyException, ValueError, LookupError, ArithmeticError, AssertionError, TypeError) as error:
        raise CompileError(f"{type(error).__name__}: {error}", stage=f"{stage.name}/{name}") from error
    compilation.seconds[name] = compilation.seconds.get(name, 0.0) + time.perf_counter() - started


def verify(module: ModuleOp, stage: str) -> None:
    """The verifier and the dominance check; CompileError naming the stage whose output is bad."""
    from .passes.verify import check_dominance

    try:
        module.verify()
        check_dominance(module)
    except VerifyException as error:
        raise CompileError(f"the IR after this stage is invalid: {error}", stage=stage) from error


def dump(module: ModuleOp, path: Path) -> None:
    """Write the module with its locations, as `tilewright-opt` takes it up again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        Printer(stream=stream, print_debuginfo=True).print_op(module)
        stream.write("\n")


@_paused_collector()
def compile_program(model: str | os.PathLike[str] | bytes | onnx.ModelProto, options: CompileOptions) -> Program:
    """Compile a model to native code, which need not be for this machine."""
    from .backends.load import build_program

    compilation = compile_to_ir(model, options)
    return build_program(compilation.module, compilation.session.weights, compilation.seconds, compilation.reuse)
