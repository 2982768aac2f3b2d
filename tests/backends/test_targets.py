"""Target models and the detection of the host."""

import itertools
from pathlib import Path

import pytest

from tilewright.backends import codegen, jit
from tilewright.backends.targets import TARGETS, TargetModel, get_target, host, host_target, models, runs_here
from tilewright.errors import UnknownTargetError

every_target = pytest.mark.parametrize("model", TARGETS.values(), ids=lambda model: model.name)


def test_host_is_a_known_model_that_runs_here():
    found = get_target("host")
    assert TARGETS[found.name] is found
    assert runs_here(found)


def test_every_x86_level_implies_the_ones_below():
    levels = [model for model in TARGETS.values() if model.arch == "x86-64"]
    for wide, narrow in itertools.pairwise(levels):
        assert wide.cpu_flags > narrow.cpu_flags


def test_every_file_is_a_target_of_its_name():
    files = {path.stem.replace("_", "-") for path in Path(models.__path__[0]).glob("*.py")} - {"--init--"}
    assert files == {name.replace("_", "-") for name in TARGETS}


def test_other_architectures_do_not_run_here():
    others = [model for model in TARGETS.values() if model.arch != host_target().arch]
    assert others and not any(map(runs_here, others))


def test_unknown_target_lists_the_known_ones():
    with pytest.raises(UnknownTargetError, match=r"'pentium'.*x86-64-v4-vnni.*x86-64-v2.*aarch64-neoverse-n1"):
        get_target("pentium")


@pytest.mark.skipif(host.host_arch() != "x86-64", reason="LLVM is asked about x86-64 only")
def test_kernel_and_llvm_agree_on_the_host():
    assert host_target().cpu_flags <= host.flags_from_llvm()


@every_target
def test_llvm_has_the_same_data_layout(model: TargetModel):
    assert str(codegen.target_machine(jit.processor_of(model)).target_data) == model.data_layout


def test_flags_of_the_auxiliary_vector():
    n1 = {16: 0x00119FFF, 26: 0}
    assert host.flags_of_hwcap(n1) >= TARGETS["aarch64-neoverse-n1"].cpu_flags
    assert not host.flags_of_hwcap({16: 0xFF, 26: 0}) >= TARGETS["aarch64-neoverse-n1"].cpu_flags
    assert host.flags_of_hwcap({16: 0x00119FFF, 26: 3 << 13}) >= TARGETS["aarch64-neoverse-v1"].cpu_flags


def test_parts_of_the_cores():
    core = "processor : 0\nCPU implementer : 0x41\nCPU part\t: 0xd0c\n"
    assert host.parts_of_cpuinfo(core + core) == {0xD0C}
    assert host.parts_of_cpuinfo(core.replace("0x41", "0x61")) == frozenset()


def test_lanes():
    assert TARGETS["x86-64-v4"].lanes(32) == 16
    assert TARGETS["x86-64-v2"].lanes(8) == 16
    assert TARGETS["aarch64-neon"].lanes(32) == 4
