"""A Python for AArch64 in qemu's user-mode emulator, with what the compiler needs: to test it as it runs on such a machine.

Packages come from Debian 12 (by apt, nothing is installed) and PyPI. `python -m arm.arm_python FOLDER` sets it up: FOLDER/python
then starts it. `PYARM_CPU` names qemu's processor.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

TOOLS = ("apt-get", "dpkg", "qemu-aarch64", "python3.11")
_PACKAGES = (
    *("libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libssl3", "libsqlite3-0"),
    *("libuuid1", "libpython3.11-minimal", "libpython3.11-stdlib", "python3.11-minimal"),
)
_WHEELS = ("llvmlite==0.50.*", "numpy", "onnx", "xdsl==0.74.*", "click", "rich", "pytest")
_PLATFORMS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")
_START = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export QEMU_LD_PREFIX="$here/root"
exec qemu-aarch64 -cpu "${PYARM_CPU:-max,sve=off}" -0 "$here/python" \\
  -E PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}$here/site" -E PYTHONNOUSERSITE=1 "$here/root/usr/bin/python3.11" "$@"
"""
_NEOVERSE_N1 = "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n\n"


def missing_tools() -> list[str]:
    """What is not installed of what `install` needs."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def install(folder: Path) -> Path:
    """Set it up in `folder`, unless it is there, and return the program that starts it.

    CalledProcessError where packages can't be downloaded.
    """
    start = folder / "python"
    if start.exists():
        return start
    _debian(folder)
    _pypi(folder)
    (folder / "root/proc").mkdir()
    (folder / "root/proc/cpuinfo").write_text(_NEOVERSE_N1)  # the emulator shows its own host's
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    compiled = ["python3.11", "-m", "compileall", "-q", folder / "root/usr/lib/python3.11", folder / "site"]
    subprocess.run(compiled, env=environment, check=False, stdout=subprocess.DEVNULL)
    start.write_text(_START)
    start.chmod(0o755)
    return start


def _debian(folder: Path) -> None:
    for name in ("apt/lists/partial", "apt/cache/archives/partial", "debs", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "apt/status").touch()
    places = {
        "Dir::State": "apt",
        "Dir::State::Lists": "apt/lists",
        "Dir::State::status": "apt/status",
        "Dir::Cache": "apt/cache",
    }
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        **{f"Dir::{name}": str(folder / place) for name, place in places.items()},
    }
    apt = ["apt-get", "-q", *(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))]
    _run([*apt, "update"], folder)
    _run([*apt, "download", *_PACKAGES], folder / "debs")
    for package in sorted((folder / "debs").glob("*.deb")):
        _run(["dpkg", "-x", package, folder / "root"], folder)


def _pypi(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", folder / "wheels", "--only-binary=:all:"]
    abis = [word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)]
    platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    _run([*pip, "--implementation", "cp", "--python-version", "3.11", *abis, *platforms, *_WHEELS], folder)
    for wheel in sorted((folder / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "site")


def _run(command: Sequence[str | Path], where: Path) -> None:
    subprocess.run(command, cwd=where, check=True, capture_output=True)


if __name__ == "__main__":
    print(install(Path(sys.argv[1]).absolute()))
