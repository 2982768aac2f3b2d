"""Provenance survives printing, parsing, cloning and union."""

from io import StringIO

from xdsl.context import Context
from xdsl.dialects import test
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.printer import Printer

from tilewright.dialects.graph.location import MAX_NAMES, location_of, set_location, union


def op_at(*names: str) -> test.TestOp:
    op = test.TestOp()
    set_location(op, names)
    return op


def test_names_come_back():
    assert location_of(test.TestOp()) == ()
    assert location_of(op_at("conv1")) == ("conv1",)
    assert location_of(op_at("conv1", "relu1", "conv1")) == ("conv1", "relu1")


def test_union_keeps_order_and_drops_repeats():
    merged = test.TestOp()
    merged.location = union([op_at("a", "b"), test.TestOp(), op_at("b", "c")])
    assert location_of(merged) == ("a", "b", "c")


def test_union_is_bounded():
    merged = test.TestOp()
    merged.location = union(op_at(f"n{i}") for i in range(100))
    assert len(location_of(merged)) == MAX_NAMES


def test_round_trip_and_clone():
    module = ModuleOp([op_at("a", 'b"/c'), op_at("d"), test.TestOp()])
    text = StringIO()
    Printer(text, print_debuginfo=True).print_op(module)
    context = Context()
    context.load_dialect(Builtin)
    context.load_dialect(test.Test)
    parsed = Parser(context, text.getvalue()).parse_module()
    wanted = [("a", 'b"/c'), ("d",), ()]
    assert [location_of(op) for op in parsed.body.ops] == wanted
    assert [location_of(op) for op in module.clone().body.ops] == wanted
