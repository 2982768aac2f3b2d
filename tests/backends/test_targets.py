"""Target models and the detection of the host."""

import itertools

import pytest

from tilewright.backends import targets
from tilewright.backends.targets import TARGETS, get_target, host_target, runs_here
from tilewright.errors import UnknownTargetError


def test_host_is_a_known_model_that_runs_here():
    host = get_target("host")
    assert TARGETS[host.name] is host
    assert runs_here(host)


def test_every_level_implies_the_ones_below():
    models = list(TARGETS.values())
    for wide, narrow in itertools.pairwise(models):
        assert wide.cpu_flags > narrow.cpu_flags


def test_unknown_target_lists_the_known_ones():
    with pytest.raises(UnknownTargetError, match=r"'pentium'.*x86-64-v4-vnni.*x86-64-v2"):
        get_target("pentium")


def test_kernel_and_llvm_agree_on_the_host():
    flags = targets._flags_from_llvm()  # pyright: ignore[reportPrivateUsage]
    assert host_target().cpu_flags <= flags


def test_lanes():
    assert TARGETS["x86-64-v4"].lanes(32) == 16
    assert TARGETS["x86-64-v2"].lanes(8) == 16
