"""Every error that tilewright raises on purpose.

Each names what it is about: the ONNX node, the op, the stage, and how to reproduce, as far as they are known where it
is raised.
"""


class TilewrightError(Exception):
    """Base of all errors raised on purpose. One line, no traceback needed to understand it."""


class ModelError(TilewrightError):
    """The model file is malformed, truncated, or reaches outside its folder."""


class UnsupportedOpError(TilewrightError):
    """The model uses an operator, or a form of it, that there is no native code for."""


class ShapeError(TilewrightError):
    """Shapes that contradict each other, at compile time or for one set of inputs."""


class InputError(TilewrightError, ValueError):
    """A bad value was passed to a session: names the input, what was expected and what was got."""


class CompileError(TilewrightError):
    """The compiler cannot do what was asked: an unknown target, or IR that a stage does not accept."""
