"""Arena assignment: values alive together never share bytes, and slots are no larger than they must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoo import load

from benchmarks.memory_plan import plan
from tilewright.dialects.graph.dims import DimExpr
from tilewright.passes.arena import ALIGNMENT, Lifetime, assign_pieces, lower_bound, round_up


@st.composite
def lifetimes(draw: st.DrawFn) -> dict[int, Lifetime]:
    def one() -> Lifetime:
        first = draw(st.integers(0, 20))
        factor = draw(st.integers(0, 500))
        size = DimExpr.of(factor) * DimExpr.symbol("n") if factor and draw(st.booleans()) else DimExpr.of(factor)
        return Lifetime(first, first + draw(st.integers(0, 8)), size)

    return {i: one() for i in range(draw(st.integers(1, 12)))}


@given(lifetimes(), st.integers(1, 9))
def test_values_alive_together_never_overlap(lives: dict[int, Lifetime], n: int) -> None:
    pieces = assign_pieces(lives)
    for a, piece in pieces.items():
        assert piece.offset % ALIGNMENT == 0
        for b, other in pieces.items():
            if a == b or piece.slot != other.slot or not lives[a].overlaps(lives[b]):
                continue
            sizes = [round_up(lives[k].size.evaluate({"n": n})) for k in (a, b)]
            assert piece.offset + sizes[0] <= other.offset or other.offset + sizes[1] <= piece.offset


def arena_bytes(lives: dict[int, Lifetime]) -> int:
    """What the assignment of static values comes to."""
    pieces = assign_pieces(lives)
    return max((piece.offset + round_up(lives[key].size.value) for key, piece in pieces.items()), default=0)


def test_a_chain_of_equal_values_needs_two_pieces() -> None:
    lives = {i: Lifetime(i, i + 1, DimExpr.of(640)) for i in range(10)}
    assert {p.offset for p in assign_pieces(lives).values()} == {0, 640}


def test_dynamic_values_reuse_a_free_slot_of_their_size() -> None:
    n = DimExpr.symbol("n")
    lives = {"a": Lifetime(0, 1, n), "b": Lifetime(1, 2, n * 2), "c": Lifetime(3, 4, n * 2), "d": Lifetime(3, 4, n)}
    pieces = assign_pieces(lives)
    assert pieces["c"].slot == pieces["b"].slot
    assert pieces["d"].slot == pieces["a"].slot


@given(lifetimes())
def test_no_assignment_is_below_the_bound(lives: dict[int, Lifetime]) -> None:
    static = {key: life for key, life in lives.items() if life.size.is_static}
    assert lower_bound(static.values()) <= arena_bytes(static)


def test_what_greedy_by_size_misses_is_found() -> None:
    """Placed largest first, these take 7 lines of 64 bytes: the last of size 2 doesn't fit between the others."""
    values = ((3, 4, 3), (5, 6, 2), (4, 7, 2), (5, 5, 2))
    lives = {i: Lifetime(first, last, DimExpr.of(64 * lines)) for i, (first, last, lines) in enumerate(values)}
    assert arena_bytes(lives) == lower_bound(lives.values()) == 6 * 64


@pytest.mark.parametrize("name", ["mobilenet_v2", "shufflenet_v2_x1_0", "yolov8n_640", "vit_tiny", "tinybert", "ssdlite320"])
def test_the_arena_of_a_network_is_near_its_bound(name: str) -> None:
    found = plan(name, load(name), {})
    assert 0 < found.bound <= found.arena <= 1.05 * found.bound
