"""The cache of compiled code: hits, healing, bounds, privacy, concurrent writers."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tilewright.backends import jit
from tilewright.backends.file_cache import FileCache
from tilewright.backends.object_cache import cached_object, object_key
from tilewright.backends.targets import TARGETS, host_target
from tilewright.errors import CompileError

IR = "define i32 @tw_seven() {\n  ret i32 7\n}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILEWRIGHT_CACHE_DIR", str(tmp_path))
    return tmp_path / "objects"


def test_second_compile_is_a_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = cached_object(IR, host_target())
    monkeypatch.delattr(jit, "compile_object")
    assert cached_object(IR, host_target()) == first
    assert folder.stat().st_mode & 0o777 == 0o700
    (entry,) = folder.iterdir()
    assert entry.stat().st_mode & 0o777 == 0o600


def test_key_tells_targets_and_texts_apart() -> None:
    keys = {object_key(text, target) for text in (IR, IR + "\n") for target in TARGETS.values()}
    assert len(keys) == 2 * len(TARGETS)


@pytest.mark.parametrize("damage", [b"", b"tilewright-1\n", b"junk" * 100, None], ids=["empty", "short", "junk", "flipped"])
def test_damaged_entries_heal(folder: Path, damage: bytes | None) -> None:
    first = cached_object(IR, host_target())
    (entry,) = folder.iterdir()
    intact = entry.read_bytes()
    entry.write_bytes(intact[:-1] + bytes([intact[-1] ^ 1]) if damage is None else damage)
    assert cached_object(IR, host_target()) == first
    assert entry.read_bytes() == intact


def test_oldest_entries_go_first(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "c", 4000)
    for n in range(8):
        cache.put(f"k{n}", bytes(900))
        os.utime(tmp_path / "c" / f"k{n}.bin", (n, n))
    assert cache.get("k0") is not None  # used just now, so it stays
    cache.sweep()
    left = {n for n in range(8) if cache.get(f"k{n}") is not None}
    assert left == {0, 5, 6, 7}


def test_limit_zero_turns_it_off(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "c", 0)
    cache.put("k", b"x")
    assert cache.get("k") is None


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    open_folder = tmp_path / "c"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    cache = FileCache(open_folder, 1000)
    with pytest.warns(UserWarning, match="others can write"):
        cache.put("k", b"x")
    assert cache.get("k") is None
    assert not list(open_folder.iterdir())


def test_no_folder_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = FileCache(tmp_path / "file" / "c", 1000)
    with pytest.warns(UserWarning, match="no cache"):
        cache.put("k", b"x")
    assert cache.get("k") is None


def _hammer(folder: Path) -> bool:
    cache = FileCache(folder, 1 << 20)
    for n in range(200):
        cache.put(f"k{n % 5}", bytes([n % 5]) * 5000)
        if cache.get(f"k{n % 5}") not in (bytes([n % 5]) * 5000, None):
            return False
    return True


def test_concurrent_writers(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2) as pool:
        assert all(pool.map(_hammer, [tmp_path / "c"] * 2))
    cache = FileCache(tmp_path / "c", 1 << 20)
    assert all(cache.get(f"k{n}") == bytes([n]) * 5000 for n in range(5))
    assert len(list((tmp_path / "c").iterdir())) == 5


def test_bad_ir_is_a_compile_error() -> None:
    with pytest.raises(CompileError, match="LLVM rejects"):
        jit.compile_object("define nonsense", host_target())
    with pytest.raises(CompileError, match="LLVM rejects"):
        jit.compile_object("define i32 @f() {\n  ret i64 0\n}\n", host_target())
