"""Random shapes of matmul and convolution kernels on one thread, and the cliffs among them.

A shape's share is its speed over its roof, the lesser of the FMA peak and what memory bandwidth allows. A cliff is a shape whose
share is far below that of its neighbours: the shapes of the same kind that are nearest in the logarithms of their sizes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.contraction import Shape, best, conv, matmul, prepare
from tilewright.backends.targets import TargetModel

NEIGHBOURS = 6
CLIFF = 0.6
LEAST_FLOPS, MOST_FLOPS = 4e6, 1e9


@dataclass(frozen=True)
class Roof:
    """FLOP/s of multiply-adds in registers, and bytes/s from memory, of one core."""

    flops: float
    bandwidth: float

    def seconds(self, flops: float, moved: float) -> float:
        """The least time of so many FLOPs on so many bytes."""
        return max(flops / self.flops, moved / self.bandwidth)


@dataclass(frozen=True)
class Found:
    """A shape, its time, its share of the roof, and the schedule that it ran under."""

    shape: Shape
    seconds: float
    share: float
    schedule: str


def random_shapes(count: int, seed: int) -> list[Shape]:
    """Matmuls and convolutions, sizes uniform in their logarithms; a third have sizes that are powers of two or near one."""
    rng = np.random.default_rng(seed)
    shapes: list[Shape] = []
    while len(shapes) < count:
        shape = _random_conv(rng) if rng.random() < 0.4 else _random_matmul(rng)
        if LEAST_FLOPS <= shape.flops <= MOST_FLOPS:
            shapes.append(shape)
    return shapes


def _size(rng: np.random.Generator, low: int, high: int) -> int:
    size = math.exp(rng.uniform(math.log(low), math.log(high)))
    if rng.random() < 1 / 3:
        return max(2 ** round(math.log2(size)) + int(rng.integers(-1, 2)), 1)
    return round(size)


def _random_matmul(rng: np.random.Generator) -> Shape:
    return matmul("x".join(str(_size(rng, 1, 6000)) for _ in range(3)))


def _random_conv(rng: np.random.Generator) -> Shape:
    kernel, stride = int(rng.choice([1, 3, 3, 5, 7])), int(rng.choice([1, 1, 2]))
    return conv(_size(rng, 5, 230), _size(rng, 2, 700), _size(rng, 4, 700), kernel, stride)


def bytes_moved(shape: Shape) -> float:
    """Each operand and the result once."""
    rows = shape.size**2 if shape.size else shape.m
    return 4.0 * (rows * shape.k + shape.k * shape.n * shape.kernel**2 + shape.m * shape.n)


def measure(shape: Shape, target: TargetModel, roof: Roof, seconds: float) -> Found:
    """One shape under the schedule that is chosen for it."""
    call, schedule, _ = prepare(shape.build(), target, {})
    spent = best(call, seconds)
    text = " ".join([schedule.kind.data, *(f"{key}={schedule[key]}" for key in schedule.params.data if key != "lanes")])
    return Found(shape, spent, roof.seconds(shape.flops, bytes_moved(shape)) / spent, text)


def _distance(a: Shape, b: Shape) -> float:
    sizes = ((a.m, b.m), (a.k, b.k), (a.n, b.n))
    return math.hypot(*(math.log2(x / y) for x, y in sizes))


def neighbours_of(one: Found, found: Sequence[Found]) -> list[Found]:
    """The nearest others of the same kernel size and stride."""
    same = [f for f in found if f is not one and (f.shape.kernel, f.shape.stride) == (one.shape.kernel, one.shape.stride)]
    same = [f for f in same if bool(f.shape.size) == bool(one.shape.size)]
    return sorted(same, key=lambda other: _distance(one.shape, other.shape))[:NEIGHBOURS]


def cliffs(found: Sequence[Found]) -> list[tuple[Found, float]]:
    """The shapes below `CLIFF` of the median share of their neighbours, and that median; the worst first."""
    bad: list[tuple[Found, float]] = []
    for one in found:
        near = neighbours_of(one, found)
        usual = statistics.median(other.share for other in near) if near else 0.0
        if one.share < CLIFF * usual:
            bad.append((one, usual))
    return sorted(bad, key=lambda entry: entry[0].share / entry[1])


def sweep(count: int, seed: int, target: TargetModel, roof: Roof, seconds: float, say: Callable[[str], None]) -> list[Found]:
    """Measure random shapes; the slow ones once more, in case the machine was busy."""
    found: list[Found] = []
    for number, shape in enumerate(random_shapes(count, seed)):
        found.append(measure(shape, target, roof, seconds))
        say(f"{number + 1} of {count}: {shape.name} {found[-1].share:.0%}")
    for one, _ in cliffs(found):
        found[found.index(one)] = measure(one.shape, target, roof, 4 * seconds)
    return found
