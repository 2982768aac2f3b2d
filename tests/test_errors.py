"""Messages of errors: one line that names what is known."""

import pytest

from tilewright.errors import (
    BadInputError,
    CompileError,
    TilewrightError,
    UnknownTargetError,
    UnsupportedNode,
    UnsupportedOpError,
)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TilewrightError("plain"), "plain"),
        (CompileError("no rule", node="n", op="Conv", stage="outline"), "outline: node 'n' (Conv): no rule"),
        (CompileError("no rule", op="graph.conv"), "graph.conv: no rule"),
        (CompileError("no rule", reproduce="tilewright run m"), "no rule [reproduce: tilewright run m]"),
        (BadInputError("x", "float32", "int8"), "input 'x': expected float32, got int8"),
        (UnknownTargetError("pdp-11", ["a", "b"]), "unknown target 'pdp-11', known are: a, b"),
    ],
)
def test_message(error: TilewrightError, text: str) -> None:
    assert str(error) == text


def test_unsupported_nodes_are_listed_by_kind() -> None:
    error = UnsupportedOpError(
        [
            UnsupportedNode("a", "Foo", "", 17),
            UnsupportedNode("b", "Bar", "my.domain", 1, "mode 'cubic'"),
            UnsupportedNode("c", "Foo", "", 17),
        ]
    )
    assert str(error) == (
        "import: 3 unsupported node(s): Foo (ai.onnx opset 17) at 'a', 'c'; Bar (my.domain opset 1), mode 'cubic', at 'b'"
    )
    assert error.by_op == {"Foo": 2, "Bar": 1}
