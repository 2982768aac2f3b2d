"""The vector forms of arith: round trip, verification, and agreement with xDSL's scalar classes."""

import pytest
from xdsl.context import Context
from xdsl.dialects import arith as scalar
from xdsl.dialects import builtin, func
from xdsl.ir import Block
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from tilewright.dialects import arith

VECTOR_FORMS = """
func.func @f(%x: vector<4xf32>, %s: f32, %q: vector<4xi64>) -> vector<4xf32> {
  %a = arith.cmpf ogt, %x, %x : vector<4xf32>
  %b = arith.cmpi slt, %q, %q : vector<4xi64>
  %c = arith.cmpf ogt, %s, %s : f32
  %d = arith.select %a, %x, %x : vector<4xi1>, vector<4xf32>
  %e = arith.select %c, %s, %s : f32
  %g = arith.select %c, %x, %x : vector<4xf32>
  %h = arith.fptosi %x : vector<4xf32> to vector<4xi32>
  %i = arith.extsi %h : vector<4xi32> to vector<4xi64>
  %j = arith.trunci %i : vector<4xi64> to vector<4xi32>
  %k = arith.uitofp %j : vector<4xi32> to vector<4xf32>
  func.return %d : vector<4xf32>
}"""


def parse(text: str) -> builtin.ModuleOp:
    context = Context()
    for dialect in (arith.Arith, builtin.Builtin, func.Func):
        context.load_dialect(dialect)
    return Parser(context, text).parse_module()


def test_vector_forms_round_trip():
    module = parse(VECTOR_FORMS)
    module.verify()
    assert str(parse(str(module))) == str(module)
    assert [line.strip() for line in str(module).splitlines()[2:-3]] == [line.strip() for line in VECTOR_FORMS.splitlines()[2:-2]]


def test_constructors_infer_vector_results():
    vector = Block(arg_types=[builtin.VectorType(builtin.f32, [4])]).args[0]
    compare = arith.CmpfOp(vector, vector, "olt")
    assert str(compare.result.type) == "vector<4xi1>"
    assert isinstance(compare, scalar.CmpfOp)


@pytest.mark.parametrize(
    "line",
    [
        '"arith.cmpf"(%x, %x) <{predicate = 1 : i64}> : (vector<4xf32>, vector<4xf32>) -> i1',
        '"arith.fptosi"(%x) : (vector<4xf32>) -> vector<2xi32>',
        '"arith.extui"(%q) : (vector<4xi64>) -> vector<4xi32>',
        '"arith.trunci"(%q) : (vector<4xi64>) -> vector<4xi64>',
    ],
)
def test_mismatched_shapes_and_widths_are_rejected(line: str):
    module = parse(f"func.func @f(%x: vector<4xf32>, %q: vector<4xi64>) {{ %r = {line}\n func.return }}")
    with pytest.raises(VerifyException):
        module.verify()
