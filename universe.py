"""The dialects and passes of tilewright, as the ``xdsl.universe`` entry point announces them.

Nothing is imported until it is asked for. A new pass is one row here: its name -> ``module:class``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from xdsl.universe import Universe

DIALECTS: dict[str, str] = {
    "graph": "dialects.graph:Graph",
    "kernel": "dialects.kernel:Kernel",
    "tw_llvm": "dialects.llvm_ext:TwLLVM",
}

REPLACED_DIALECTS: dict[str, str] = {
    "arith": "dialects.arith:Arith",
    "memref": "dialects.memref:MemRef",
}
"""Dialects of xDSL's that ours extends. A universe may not repeat a name, so only our own tools see these."""

GRAPH_PASSES: dict[str, str] = {
    "absorb-broadcasts": "passes.absorb_broadcasts:AbsorbBroadcastsPass",
    "absorb-pads": "passes.absorb_pads:AbsorbPadsPass",
    "absorb-transposes": "passes.absorb_transposes:AbsorbTransposesPass",
    "assign-layouts": "passes.assign_layouts:AssignLayoutsPass",
    "decompose-batch-norm": "passes.decompose_batch_norm:DecomposeBatchNormPass",
    "expand-scans": "passes.expand_scans:ExpandScansPass",
    "fuse-input-scale": "passes.fuse_input_scale:FuseInputScalePass",
    "fuse-scale-shift": "passes.fuse_scale_shift:FuseScaleShiftPass",
    "hoist-slices": "passes.hoist_slices:HoistSlicesPass",
    "pull-scales": "passes.pull_scales:PullScalesPass",
    "recognize-activations": "passes.recognize_activations:RecognizeActivationsPass",
    "recognize-gelu": "passes.recognize_gelu:RecognizeGeluPass",
    "recognize-integer-contractions": "passes.recognize_integer_contractions:RecognizeIntegerContractionsPass",
    "recognize-norms": "passes.recognize_norms:RecognizeNormsPass",
    "recognize-attention": "passes.recognize_attention:RecognizeAttentionPass",
    "recognize-softmax": "passes.recognize_softmax:RecognizeSoftmaxPass",
    "sink-movement": "passes.sink_movement:SinkMovementPass",
    "merge-reductions": "passes.merge_reductions:MergeReductionsPass",
    "simplify-elementwise": "passes.simplify_elementwise:SimplifyElementwisePass",
    "trim-windows": "passes.trim_windows:TrimWindowsPass",
    "expand-transposed-convs": "passes.expand_transposed_convs:ExpandTransposedConvsPass",
    "infer-shapes": "passes.infer_shapes:InferShapesPass",
    "fold-constants": "passes.fold_constants:FoldConstantsPass",
    "fold-shapes": "passes.fold_shapes:FoldShapesPass",
    "canonicalize-graph": "passes.canonicalize_graph:CanonicalizeGraphPass",
    "cse-graph": "passes.cse_graph:CseGraphPass",
    "dce-graph": "passes.dce_graph:DceGraphPass",
    "widen-half-contractions": "passes.widen_half_contractions:WidenHalfContractionsPass",
    "hoist-invariants": "passes.hoist_invariants:HoistInvariantsPass",
}
"""Rewrites of the graph stage."""

KERNEL_PASSES: dict[str, str] = {
    "outline-kernels": "passes.outline_kernels:OutlineKernelsPass",
    "choose-schedules": "lowering.choose_schedules:ChooseSchedulesPass",
    "pack-operands": "lowering.pack_operands:PackOperandsPass",
    "generalize-kernels": "lowering.generalize_kernels:GeneralizeKernelsPass",
    "dedupe-kernels": "passes.dedupe_kernels:DedupeKernelsPass",
    "order-launches": "passes.order_launches:OrderLaunchesPass",
    "plan-memory": "passes.plan_memory:PlanMemoryPass",
}
"""Passes of the kernels stage: outlining, schedules, memory."""

LOWERING_PASSES: dict[str, str] = {
    "expand-math": "lowering.expand_math:ExpandMathPass",
    "lower-to-llvm": "lowering.lower_to_llvm:LowerToLLVMPass",
    "lower-kernels": "lowering.lower_kernels:LowerKernelsPass",
    "lower-plan": "lowering.lower_plan:LowerPlanPass",
    "lower-run": "lowering.lower_run:LowerRunPass",
}
"""From kernels to loops to llvm."""

PASSES = GRAPH_PASSES | KERNEL_PASSES | LOWERING_PASSES


def _factories(rows: Mapping[str, str]) -> dict[str, Callable[[], Any]]:
    def load(path: str) -> Any:
        module, name = path.split(":")
        return getattr(import_module(f".{module}", __package__), name)

    return {name: lambda path=path: load(path) for name, path in rows.items()}


TILEWRIGHT_UNIVERSE = Universe(all_dialects=_factories(DIALECTS), all_passes=_factories(PASSES))

TOOL_DIALECTS: dict[str, Callable[[], Any]] = TILEWRIGHT_UNIVERSE.all_dialects | _factories(REPLACED_DIALECTS)
"""What our own tools register on top of xDSL's dialects, a name in both places being ours."""
