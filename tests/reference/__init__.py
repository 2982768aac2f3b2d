"""A reference interpreter of the graph dialect in numpy: slow, plain, and accurate, for tests only.

    from reference import evaluate
    outputs = evaluate(module, {"x": x}, store)

Floats are computed in float64 and rounded once per op, to the type of its result; integers wrap as in C.
"""

from .interpreter import EVALUATORS, ReferenceError, evaluate

__all__ = ["EVALUATORS", "ReferenceError", "evaluate"]
