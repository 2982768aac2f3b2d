"""Whether this machine can run code: its architecture and the features of its processor."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..backends.targets import missing_flags
from ..errors import UnsupportedPlatformError

_ARCHITECTURES = {"x86_64": "x86-64", "aarch64": "aarch64"}
"""Our names by the kernel's."""


def check_machine(arch: str, cpu_flags: Iterable[str]) -> None:
    """Raise UnsupportedPlatformError, naming what is missing, unless code for `arch` that needs these flags runs here."""
    name = os.uname().machine
    if _ARCHITECTURES.get(name) != arch:
        raise UnsupportedPlatformError(f"the code is for {arch}, this machine is {name}", stage="load")
    missing = missing_flags(cpu_flags)
    if missing:
        raise UnsupportedPlatformError(f"the code needs {', '.join(missing)}, which this processor lacks", stage="load")
