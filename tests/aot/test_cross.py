"""Code for another processor: linked by a cross compiler, run under qemu."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

import tilewright
from tilewright.backends.targets import TARGETS

from .library import Array, assert_same, emit, save
from .models import STATIC

DRIVER = Path(__file__).parent / "run_model.c"
CROSS, QEMU = "aarch64-linux-gnu-gcc", "qemu-aarch64"
AARCH64 = [name for name in TARGETS if name.startswith("aarch64")]
SHARED, AARCH64_MACHINE = 3, 183
"""ET_DYN and EM_AARCH64 of elf(5)."""
missing = [tool for tool in (CROSS, QEMU) if shutil.which(tool) is None]
needs_cross = pytest.mark.skipif(bool(missing), reason=f"there is no {', '.join(missing)}")


def program(compiler: Sequence[str], model: Path, ports: int, *options: str) -> Path:
    """The driver around an object of a model."""
    name = model.stem
    code = emit(model, model.with_suffix(".o"), *options)
    defines = [
        f"-DPREFIX={name}",
        f'-DHEADER="{name}.h"',
        f"-DCPU_OK={name.upper()}_CPU_OK",
        f"-DARRAYS={', '.join(f'a[{i}]' for i in range(ports))}",
    ]
    output = model.with_suffix("")
    command = [*compiler, "-O1", *defines, f"-I{model.parent}", str(DRIVER), str(code), "-pthread", "-static", "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return output


def outputs(command: Sequence[str | Path], feeds: Mapping[str, Array], like: Mapping[str, Array]) -> dict[str, Array]:
    """What the program says, as arrays."""
    given = b"".join(array.tobytes() for array in feeds.values())
    done = subprocess.run([str(part) for part in command], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Array] = {}
    start = 0
    for name, array in like.items():
        found[name] = np.frombuffer(done.stdout[start : start + array.nbytes], array.dtype).reshape(array.shape)
        start += array.nbytes
    assert start == len(done.stdout)
    return found


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no cc")
@pytest.mark.parametrize("name", STATIC)
def test_a_static_program_agrees_with_a_session(name: str, tmp_path: Path) -> None:
    model, feeds = STATIC[name]()
    expected = tilewright.compile(model).run(feeds)
    built = program(["cc"], save(model, tmp_path, name), len(feeds) + len(expected))
    assert_same(outputs([built], feeds, expected), expected)


@needs_cross
@pytest.mark.parametrize("name", STATIC)
@pytest.mark.parametrize(("target", "threads"), [*((target, "1") for target in AARCH64), *((t, "2") for t in AARCH64[-1:])])
def test_aarch64_programs_agree_with_x86(target: str, name: str, threads: str, tmp_path: Path) -> None:
    model, feeds = STATIC[name]()
    expected = tilewright.compile(model).run(feeds)
    path = save(model, tmp_path, name)
    built = program([CROSS], path, len(feeds) + len(expected), "--target", target, "--threads", threads)
    for port, array in outputs([QEMU, "-cpu", "max", built], feeds, expected).items():
        tolerance = 1e-2 if array.dtype == np.float16 else 1e-5
        np.testing.assert_allclose(array, expected[port], rtol=tolerance, atol=tolerance)


@needs_cross
@pytest.mark.parametrize(("target", "code"), [("aarch64-neon", 0), ("aarch64-neoverse-n1", 6), ("aarch64-neoverse-v1", 6)])
def test_a_core_that_lacks_something_is_told_apart(target: str, code: int, tmp_path: Path) -> None:
    model, feeds = STATIC["integers"]()
    built = program([CROSS], save(model, tmp_path), 2, "--target", target)
    given = b"".join(array.tobytes() for array in feeds.values())
    assert subprocess.run([QEMU, "-cpu", "cortex-a53", str(built)], input=given, capture_output=True).returncode == code


@needs_cross
@pytest.mark.parametrize("target", AARCH64[:1])
def test_a_shared_library_is_of_the_target(target: str, tmp_path: Path) -> None:
    model, _ = STATIC["integers"]()
    data = emit(save(model, tmp_path), tmp_path / "lib.so", "--target", target).read_bytes()
    assert data[:4] == b"\x7fELF" and int.from_bytes(data[16:20], "little") == SHARED | AARCH64_MACHINE << 16
