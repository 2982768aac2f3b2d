"""Writing a file so that it appears complete or not at all, and so that who has mapped the former one keeps that."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import BadOptionError


@contextmanager
def replacing(path: Path) -> Generator[IO[bytes]]:
    """A new file that takes the place of `path` at the end; an error leaves what was there.

    Links are followed. Raises BadOptionError for a device or folder, OSError where the file can't be written.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        raise BadOptionError(f"'{path}' is no file")
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(place.parent))
    temporary = place.with_name(f".{secrets.token_hex(8)}.tmp")  # not of the process: several hosts or threads may write at once
    try:
        with temporary.open("xb") as file:
            yield file
        os.replace(temporary, place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
