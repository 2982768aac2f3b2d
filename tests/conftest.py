"""Fixtures of all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings


@pytest.fixture(autouse=True, scope="session")
def _fresh_cache(  # pyright: ignore[reportUnusedFunction]
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Compiled code goes to a folder of this run, here and in the processes that tests start.

    Compiled models aren't kept: a test may change the compiler between two compiles of one.
    """
    patch = pytest.MonkeyPatch()
    patch.setenv("TILEWRIGHT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("TILEWRIGHT_EXECUTABLE_CACHE", "0")


# In CI the same examples every time: a change is judged by what it changes, and new examples are looked for elsewhere.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
