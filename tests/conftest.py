"""Fixtures of all tests."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _fresh_cache(  # pyright: ignore[reportUnusedFunction]
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Compiled code goes to a folder of this run, here and in the processes that tests start."""
    patch = pytest.MonkeyPatch()
    patch.setenv("TILEWRIGHT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
