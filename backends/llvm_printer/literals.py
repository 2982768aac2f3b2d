"""Types and constants of the llvm dialect as LLVM IR text."""

import struct
from collections.abc import Callable
from functools import cache

from xdsl.dialects import llvm
from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    VectorType,
)
from xdsl.ir import Attribute

from ...dialects.narrowing import is_integer
from ...errors import CompileError

_SIMPLE: dict[type[Attribute], str] = {
    Float16Type: "half",
    BFloat16Type: "bfloat",
    Float32Type: "float",
    Float64Type: "double",
    llvm.LLVMPointerType: "ptr",
    llvm.LLVMVoidType: "void",
}
_MANGLED: dict[type[Attribute], str] = {
    Float16Type: "f16",
    BFloat16Type: "bf16",
    Float32Type: "f32",
    Float64Type: "f64",
    llvm.LLVMPointerType: "p0",
}


@cache
def type_text(type: Attribute) -> str:
    """A type, such as `<16 x float>`."""
    match type:
        case IntegerType():
            return f"i{type.width.data}"
        case VectorType():
            return f"<{type.get_shape()[0]} x {type_text(type.element_type)}>"
        case llvm.LLVMArrayType():
            return f"[{type.size.data} x {type_text(type.type)}]"
        case llvm.LLVMStructType():
            return f"{{ {', '.join(map(type_text, type.types))} }}"
        case llvm.LLVMFunctionType():
            inputs = [type_text(each) for each in type.inputs] + ["..."] * type.is_variadic
            return f"{type_text(type.output)} ({', '.join(inputs)})"
        case _ if type.__class__ in _SIMPLE:
            return _SIMPLE[type.__class__]
        case _:
            raise CompileError(f"{type} is no type of LLVM", stage="print-llvm-ir")


@cache
def mangled(type: Attribute) -> str:
    """A type as it appears in the name of an overloaded intrinsic, such as `v16f32`."""
    match type:
        case IntegerType():
            return f"i{type.width.data}"
        case VectorType():
            return f"v{type.get_shape()[0]}{mangled(type.element_type)}"
        case _:
            return _MANGLED[type.__class__]


def _double(raw: bytes, format: str) -> str:
    """LLVM writes f32 as the double of the same value; Python would change a NaN's payload on the way."""
    if format == "<d":
        return f"0x{int.from_bytes(raw, 'little'):016X}"
    bits = int.from_bytes(raw, "little")
    sign, exponent, mantissa = bits >> 31, bits >> 23 & 0xFF, bits & 0x7FFFFF
    if exponent == 0xFF:
        return f"0x{sign << 63 | 0x7FF << 52 | mantissa << 29:016X}"
    return f"0x{int.from_bytes(struct.pack('<d', struct.unpack('<f', raw)[0]), 'little'):016X}"


_BY_BYTES: dict[type[Attribute], tuple[int, Callable[[bytes], str]]] = {
    Float16Type: (2, lambda raw: f"0xH{int.from_bytes(raw, 'little'):04X}"),
    BFloat16Type: (2, lambda raw: f"0xR{int.from_bytes(raw, 'little'):04X}"),
    Float32Type: (4, lambda raw: _double(raw, "<f")),
    Float64Type: (8, lambda raw: _double(raw, "<d")),
}


def _elements(value: DenseIntOrFPElementsAttr) -> list[str]:
    """The elements of a dense constant, one text each."""
    element = value.get_element_type()
    if is_integer(element):
        if element.width.data == 1:
            return ["true" if bit else "false" for bit in value.get_values()]
        return [str(number) for number in value.get_values()]
    size, text = _BY_BYTES[element.__class__]
    raw = value.data.data
    return [text(raw[start : start + size]) for start in range(0, len(raw), size)]


def dense_text(value: DenseIntOrFPElementsAttr, brackets: str = "<>") -> str:
    """A constant vector (`<>`) or array (`[]`)."""
    elements = _elements(value)
    element = type_text(value.get_element_type())
    count = 1
    for size in value.type.get_shape():
        count *= size
    if len(elements) < count:  # xDSL may keep one element for a splat
        elements *= count
    if brackets == "<>" and elements.count(elements[0]) == count:
        return f"splat ({element} {elements[0]})"
    return f"{brackets[0]}{', '.join(f'{element} {text}' for text in elements)}{brackets[1]}"


def constant_text(value: Attribute) -> str:
    """A constant without its type. Raises CompileError for an attribute that is none."""
    match value:
        case IntegerAttr():
            if is_integer(value.type) and value.type.width.data == 1:
                return "true" if value.value.data else "false"
            return str(value.value.data)
        case FloatAttr():
            return _BY_BYTES[value.type.__class__][1](value.type.pack((value.value.data,)))
        case DenseIntOrFPElementsAttr():
            return dense_text(value)
        case _:
            raise CompileError(f"{value} is no constant of LLVM", stage="print-llvm-ir")
