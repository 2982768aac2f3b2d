"""One table: op of the llvm dialect -> the text of its LLVM instruction.

A function here gets the naming of the values and the op; it returns the instruction without the name of its result.
"""

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects import llvm
from xdsl.dialects.builtin import StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ...dialects import llvm_ext
from ...dialects.narrowing import is_integer_array, is_integer_attr
from .literals import mangled, type_text


class Names:
    """What values and blocks are called in one function."""

    def __init__(self) -> None:
        self.values: dict[SSAValue, str] = {}
        self.blocks: dict[Block, str] = {}
        self._types: dict[
            int, str
        ] = {}  # by identity, which is faster than xDSL's structural hash; the function keeps them alive

    def type(self, type: Attribute) -> str:
        """A type's text."""
        known = self._types.get(id(type))
        if known is None:
            known = self._types[id(type)] = type_text(type)
        return known

    def typed(self, value: SSAValue) -> str:
        """A value with its type, as most operands are written."""
        return f"{self.type(value.type)} {self.values[value]}"

    def all_typed(self, values: Sequence[SSAValue]) -> str:
        return ", ".join([self.typed(value) for value in values])

    def label(self, block: Block) -> str:
        return f"label %{self.blocks[block]}"


Text = Callable[[Names, Operation], str]

_OVERFLOW = ("", " nsw", " nuw", " nuw nsw")


def _integer_flags(op: Operation) -> str:
    if not op.properties:
        return ""
    flags = op.properties.get("overflowFlags")
    if is_integer_attr(flags):
        return _OVERFLOW[flags.value.data]
    words = {"isExact": " exact", "isDisjoint": " disjoint", "nonNeg": " nneg"}
    return "".join(text for name, text in words.items() if op.properties.get(name) is not None)


_FLAG_TEXTS: dict[Attribute | None, str] = {None: ""}


def _flags(op: Operation) -> str:
    """The fast-math flags with a leading space each."""
    flags = op.properties.get("fastmathFlags")
    known = _FLAG_TEXTS.get(flags)
    if known is None:
        assert isinstance(flags, llvm.FastMathAttr)
        known = _FLAG_TEXTS[flags] = "".join(f" {flag.value}" for flag in sorted(flags.data))
    return known


def _binary(word: str) -> Text:
    def text(names: Names, op: Operation) -> str:
        a, b = op.operands
        return f"{word}{_integer_flags(op)} {names.type(a.type)} {names.values[a]}, {names.values[b]}"

    return text


def _float(word: str) -> Text:
    def text(names: Names, op: Operation) -> str:
        first, *rest = [names.values[operand] for operand in op.operands]
        return f"{word}{_flags(op)} {names.type(op.operands[0].type)} {', '.join([first, *rest])}"

    return text


def _cast(word: str) -> Text:
    def text(names: Names, op: Operation) -> str:
        return f"{word}{_integer_flags(op)} {names.typed(op.operands[0])} to {names.type(op.results[0].type)}"

    return text


_ICMP = tuple(flag.value for flag in llvm.ICmpPredicateFlag)
_FCMP = tuple(flag.value.lstrip("_") for flag in llvm.FCmpPredicateFlag)


def _predicate(op: Operation) -> int:
    predicate = op.properties["predicate"]
    assert is_integer_attr(predicate)
    return predicate.value.data


def _icmp(names: Names, op: Operation) -> str:
    a, b = op.operands
    return f"icmp {_ICMP[_predicate(op)]} {names.typed(a)}, {names.values[b]}"


def _fcmp(names: Names, op: Operation) -> str:
    a, b = op.operands
    return f"fcmp{_flags(op)} {_FCMP[_predicate(op)]} {names.typed(a)}, {names.values[b]}"


def _select(names: Names, op: Operation) -> str:
    return f"select{_flags(op)} {names.all_typed(op.operands)}"


def _align(op: Operation) -> str:
    """`, align N`; a missing alignment is 1, since LLVM would take the type's natural one."""
    alignment = op.properties.get("alignment")
    return f", align {alignment.value.data if is_integer_attr(alignment) else 1}"


def _ordering(op: Operation) -> tuple[str, str]:
    """What goes before the type and after the address of an atomic access; nothing for a plain one."""
    ordering = op.properties.get("ordering")
    if is_integer_attr(ordering) and ordering.value.data:
        return " atomic", f" {llvm.ATOMIC_ORDERING_KEYWORDS[ordering.value.data]}"
    return "", ""


def _load(names: Names, op: Operation) -> str:
    atomic, ordering = _ordering(op)
    address = names.values[op.operands[0]]
    return f"load{atomic} {names.type(op.results[0].type)}, ptr {address}{ordering}{_align(op)}"


def _store(names: Names, op: Operation) -> str:
    value, address = op.operands
    atomic, ordering = _ordering(op)
    volatile = " volatile" if op.properties.get("volatile_") is not None else ""
    return f"store{atomic}{volatile} {names.typed(value)}, ptr {names.values[address]}{ordering}{_align(op)}"


def _gep(names: Names, op: Operation) -> str:
    base, *dynamic = op.operands
    raw = op.properties["rawConstantIndices"]
    assert is_integer_array(raw)
    operands = iter(dynamic)
    indices = [names.typed(next(operands)) if value == llvm.GEP_USE_SSA_VAL else f"i32 {value}" for value in raw.get_values()]
    inbounds = " inbounds" if op.properties.get("inbounds") is not None else ""
    element = names.type(op.properties["elem_type"])
    return f"getelementptr{inbounds} {element}, ptr {names.values[base]}, {', '.join(indices)}"


def _alloca(names: Names, op: Operation) -> str:
    return f"alloca {names.type(op.properties['elem_type'])}, {names.typed(op.operands[0])}{_align(op)}"


def _branch(names: Names, op: Operation) -> str:
    return f"br {names.label(op.successors[0])}"


def _cond_branch(names: Names, op: Operation) -> str:
    then_block, else_block = op.successors
    return f"br i1 {names.values[op.operands[0]]}, {names.label(then_block)}, {names.label(else_block)}"


def _return(names: Names, op: Operation) -> str:
    return f"ret {names.typed(op.operands[0])}" if op.operands else "ret void"


def _result_type(names: Names, op: Operation) -> str:
    return names.type(op.results[0].type) if op.results else "void"


def _call(names: Names, op: Operation) -> str:
    callee = op.properties.get("callee")
    operands = op.operands
    if isinstance(callee, SymbolRefAttr):
        target = f"@{callee.root_reference.data}"
    else:
        target, operands = names.values[operands[0]], operands[1:]
    return f"call {_result_type(names, op)} {target}({names.all_typed(operands)})"


# Which types LLVM appends to an intrinsic's name: -1 is the result, others count the operands. What isn't here has a
# name that is complete already, such as llvm.x86.avx512.vpdpbusd.512.
_RESULT = (-1,)
_OVERLOADS: dict[str, tuple[int, ...]] = {
    **{f"llvm.{name}": _RESULT for name in ("smin", "smax", "umin", "umax", "abs", "ctpop", "ctlz", "cttz")},
    **{f"llvm.{name}": _RESULT for name in ("fma", "sqrt", "fabs", "floor", "ceil", "trunc", "roundeven", "copysign")},
    **{f"llvm.{name}": _RESULT for name in ("maxnum", "minnum", "maximum", "minimum", "fmuladd", "bswap", "fshl", "fshr")},
    **{f"llvm.{name}": _RESULT for name in ("exp", "exp2", "log", "log2", "sin", "cos", "pow", "rint", "nearbyint")},
    **{f"llvm.{name}.sat": _RESULT for name in ("sadd", "uadd", "ssub", "usub")},
    **{f"llvm.{name}.sat": (-1, 0) for name in ("fptosi", "fptoui")},
    **{f"llvm.vector.reduce.{name}": (0,) for name in ("add", "mul", "and", "or", "xor", "smax", "smin", "umax", "umin")},
    **{f"llvm.vector.reduce.{name}": (1,) for name in ("fadd", "fmul")},
    "llvm.prefetch": (0,),
    "llvm.masked.load": (-1, 0),
    "llvm.masked.store": (0, 1),
}


def _intrinsic_call(names: Names, op: Operation, name: str, arguments: str, flags: str = "") -> str:
    types = [op.results[0].type if i < 0 else op.operands[i].type for i in _OVERLOADS.get(name, ())]
    full = ".".join([name, *map(mangled, types)])
    return f"call{flags} {_result_type(names, op)} @{full}({arguments})"


def _call_intrinsic(names: Names, op: Operation) -> str:
    name = op.properties["intrin"]
    assert isinstance(name, StringAttr)
    return _intrinsic_call(names, op, name.data, names.all_typed(op.operands), _flags(op))


def _intrinsic(name: str) -> Text:
    """An op of the dialect that stands for one intrinsic."""
    return lambda names, op: _intrinsic_call(names, op, name, names.all_typed(op.operands), _flags(op))


def _masked_load(names: Names, op: Operation) -> str:
    address, mask, pass_thru = op.operands
    pointer = f"ptr{_align(op).lstrip(',')} {names.values[address]}"
    return _intrinsic_call(names, op, "llvm.masked.load", f"{pointer}, {names.all_typed((mask, pass_thru))}")


def _masked_store(names: Names, op: Operation) -> str:
    value, address, mask = op.operands
    pointer = f"ptr{_align(op).lstrip(',')} {names.values[address]}"
    return _intrinsic_call(names, op, "llvm.masked.store", f"{names.typed(value)}, {pointer}, {names.typed(mask)}")


def _elementwise(word: str) -> Text:
    """Instructions that list all operands with their types."""
    return lambda names, op: f"{word} {names.all_typed(op.operands)}"


def _shuffle(names: Names, op: Operation) -> str:
    mask = op.properties["mask"]
    assert is_integer_array(mask)
    lanes = mask.get_values()
    if any(lanes):
        listed = ", ".join(["i32 poison" if lane < 0 else f"i32 {lane}" for lane in lanes])
        text = f"<{listed}>"
    else:
        text = "zeroinitializer"
    return f"shufflevector {names.all_typed(op.operands)}, <{len(lanes)} x i32> {text}"


def _positions(op: Operation) -> str:
    position = op.properties["position"]
    assert is_integer_array(position)
    return ", ".join(map(str, position.get_values()))


def _extract_value(names: Names, op: Operation) -> str:
    return f"extractvalue {names.typed(op.operands[0])}, {_positions(op)}"


def _insert_value(names: Names, op: Operation) -> str:
    return f"insertvalue {names.all_typed(op.operands)}, {_positions(op)}"


def _words(op: Operation, *properties: str) -> list[str]:
    found = [op.properties[name] for name in properties]
    return [attribute.data for attribute in found if isinstance(attribute, StringAttr)]


def _atomicrmw(names: Names, op: Operation) -> str:
    kind, ordering = _words(op, "kind", "ordering")
    return f"atomicrmw {kind} {names.all_typed(op.operands)} {ordering}"


def _cmpxchg(names: Names, op: Operation) -> str:
    return f"cmpxchg {names.all_typed(op.operands)} seq_cst seq_cst"


def _fence(names: Names, op: Operation) -> str:
    return f"fence {_words(op, 'ordering')[0]}"


def _inline_asm(names: Names, op: Operation) -> str:
    text, constraints = _words(op, "asm_string", "constraints")
    effects = " sideeffect" if op.properties.get("has_side_effects") is not None else ""
    return f'call {_result_type(names, op)} asm{effects} "{text}", "{constraints}"({names.all_typed(op.operands)})'


def _unreachable(names: Names, op: Operation) -> str:
    return "unreachable"


INSTRUCTIONS: Mapping[type[Operation], Text] = {
    llvm.AddOp: _binary("add"),
    llvm.SubOp: _binary("sub"),
    llvm.MulOp: _binary("mul"),
    llvm.UDivOp: _binary("udiv"),
    llvm.SDivOp: _binary("sdiv"),
    llvm.URemOp: _binary("urem"),
    llvm.SRemOp: _binary("srem"),
    llvm.AndOp: _binary("and"),
    llvm.OrOp: _binary("or"),
    llvm.XOrOp: _binary("xor"),
    llvm.ShlOp: _binary("shl"),
    llvm.LShrOp: _binary("lshr"),
    llvm.AShrOp: _binary("ashr"),
    llvm.FAddOp: _float("fadd"),
    llvm.FSubOp: _float("fsub"),
    llvm.FMulOp: _float("fmul"),
    llvm.FDivOp: _float("fdiv"),
    llvm.FNegOp: _float("fneg"),
    llvm.TruncOp: _cast("trunc"),
    llvm.ZExtOp: _cast("zext"),
    llvm.SExtOp: _cast("sext"),
    llvm.FPExtOp: _cast("fpext"),
    llvm.FPTruncOp: _cast("fptrunc"),
    llvm.SIToFPOp: _cast("sitofp"),
    llvm.BitcastOp: _cast("bitcast"),
    llvm.IntToPtrOp: _cast("inttoptr"),
    llvm.PtrToIntOp: _cast("ptrtoint"),
    llvm_ext.UIToFPOp: _cast("uitofp"),
    llvm_ext.FPToSIOp: _cast("fptosi"),
    llvm_ext.FPToUIOp: _cast("fptoui"),
    llvm.ICmpOp: _icmp,
    llvm.FCmpOp: _fcmp,
    llvm_ext.FCmpOp: _fcmp,
    llvm.SelectOp: _select,
    llvm_ext.SelectOp: _select,
    llvm.LoadOp: _load,
    llvm.StoreOp: _store,
    llvm.GEPOp: _gep,
    llvm.AllocaOp: _alloca,
    llvm.BrOp: _branch,
    llvm.CondBrOp: _cond_branch,
    llvm.ReturnOp: _return,
    llvm.UnreachableOp: _unreachable,
    llvm.CallOp: _call,
    llvm.CallIntrinsicOp: _call_intrinsic,
    llvm.InlineAsmOp: _inline_asm,
    llvm.FMAOp: _intrinsic("llvm.fma"),
    llvm.FSqrtOp: _intrinsic("llvm.sqrt"),
    llvm.FAbsOp: _intrinsic("llvm.fabs"),
    llvm.FFloorOp: _intrinsic("llvm.floor"),
    llvm.FCeilOp: _intrinsic("llvm.ceil"),
    llvm.FCopySignOp: _intrinsic("llvm.copysign"),
    llvm.VectorFMaxOp: _intrinsic("llvm.maxnum"),
    llvm.VectorFMinOp: _intrinsic("llvm.minnum"),
    llvm.InsertElementOp: _elementwise("insertelement"),
    llvm_ext.ExtractElementOp: _elementwise("extractelement"),
    llvm.ShuffleVectorOp: _shuffle,
    llvm.ExtractValueOp: _extract_value,
    llvm.InsertValueOp: _insert_value,
    llvm_ext.MaskedLoadOp: _masked_load,
    llvm_ext.MaskedStoreOp: _masked_store,
    llvm_ext.AtomicRMWOp: _atomicrmw,
    llvm_ext.CmpXchgOp: _cmpxchg,
    llvm_ext.FenceOp: _fence,
}
