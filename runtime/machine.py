"""Whether this machine can run code: its architecture and the features of its processor."""

from __future__ import annotations

import platform
from collections.abc import Iterable

from ..backends.targets.host import host_arch, host_flags
from ..errors import UnsupportedPlatformError


def check_machine(arch: str, cpu_flags: Iterable[str]) -> None:
    """Raise UnsupportedPlatformError, naming what is missing, unless code for `arch` that needs these flags runs here."""
    if host_arch() != arch:
        raise UnsupportedPlatformError(f"the code is for {arch}, this machine is {platform.machine()}", stage="load")
    missing = sorted(set(cpu_flags) - host_flags())
    if missing:
        raise UnsupportedPlatformError(f"the code needs {', '.join(missing)}, which this processor lacks", stage="load")
