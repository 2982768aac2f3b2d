"""The weight store: splats, recipes, digests and dumps."""

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tilewright.errors import BadModelError, CompileError
from tilewright.runtime.weights import Array, WeightStore, is_splat


def double(array: Array) -> Array:
    return array * 2


def drop_first(array: Array) -> Array:
    return array[1:]


def test_add_and_read():
    store = WeightStore()
    attribute = store.add("w", np.arange(6, dtype=np.float32).reshape(2, 3))
    assert attribute.key.data == "w"
    assert store["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert (store.shape("w"), store.dtype("w"), list(store)) == ((2, 3), np.float32, ["w"])
    with pytest.raises(ValueError, match="read-only"):
        store["w"][0, 0] = 1


def test_keys_are_unique():
    store = WeightStore()
    store.add("w", np.zeros(3))
    with pytest.raises(ValueError, match="already"):
        store.add("w", np.zeros(3))
    assert store.unique("v") == "v"
    store.add(store.unique("w"), np.zeros(3))
    assert store.unique("w") == "w.2"
    with pytest.raises(KeyError, match="no weight 'x'"):
        store["x"]


def test_one_value_takes_no_memory():
    store = WeightStore()
    store.add("view", np.broadcast_to(np.float32(0.5), (10_000, 10_000, 10)))
    store.add("array", np.full((100, 100), 3, np.int64))
    store.add("other", np.arange(1000))
    store.add("zeros", np.array([0.0, -0.0]))
    assert store.splat("view") == np.float32(0.5)
    assert store.splat("array") == 3 and is_splat(store["array"])
    assert store.splat("other") is None and store.splat("zeros") is None


def test_recipes_are_computed_once_and_late():
    store, calls = WeightStore(), list[int]()

    def counted(array: Array) -> Array:
        calls.append(1)
        return array * 2

    store.add("w", np.arange(4.0))
    store.derive("d", counted, ["w"], (4,), np.float64)
    store.derive("dd", counted, ["d"], (4,), np.float64)
    assert not calls and store.shape("dd") == (4,)
    assert store["dd"].tolist() == [0, 4, 8, 12] and store["dd"][1] == 4 and len(calls) == 2
    store.release("dd")
    assert store["dd"].tolist() == [0, 4, 8, 12] and len(calls) == 3


def test_misaligned_arrays_are_copied_late():
    store = WeightStore()
    raw = np.arange(41, dtype=np.uint8)
    store.add("w", raw[1:].view(np.float32))
    assert store["w"].flags.aligned and store["w"].tobytes() == raw[1:].tobytes()
    assert store["w"] is store["w"]


def test_wrong_recipe():
    store = WeightStore()
    store.add("w", np.arange(4.0))
    store.derive("d", drop_first, ["w"], (4,), np.float64)
    with pytest.raises(CompileError, match="recipe of weight 'd'"):
        store["d"]
    with pytest.raises(KeyError, match="missing"):
        store.derive("e", double, ["missing"], (4,), np.float64)


def test_retain_drops_the_rest():
    store = WeightStore()
    store.add("w", np.arange(4.0))
    store.add("v", np.arange(4.0))
    store.derive("d", double, ["w"], (4,), np.float64)
    store.retain(["d"])
    assert list(store) == ["d"] and store["d"].tolist() == [0, 2, 4, 6]


def test_digest_is_of_content():
    store = WeightStore()
    store.add("a", np.arange(4, dtype=np.float32))
    store.add("b", np.arange(8, dtype=np.float32)[::2] / 2)
    store.add("c", np.arange(4, dtype=np.float64))
    store.add("d", np.arange(4, dtype=np.float32).reshape(2, 2))
    store.add("e", np.ones(4, np.float32))
    store.add("f", np.broadcast_to(np.float32(1), 4))
    digests = [store.digest(k) for k in "abcd"]
    assert digests[0] == digests[1] and len(set(digests)) == 3
    assert store.digest("e") == store.digest("f")


def test_save_and_load(tmp_path: Path):
    store = WeightStore()
    store.add("x/y:0", np.arange(6, dtype=np.float32).reshape(2, 3).T)
    store.add("half", np.array([1, 2.5], ml_dtypes.bfloat16))
    store.add("splat", np.broadcast_to(np.int8(7), (1000, 1000)))
    store.add("empty", np.empty((0, 3), np.int64))
    store.add("flag", np.array(True))
    store.derive("twice", double, ["x/y:0"], (3, 2), np.float32)
    store.save(tmp_path / "w")
    loaded = WeightStore.load(tmp_path / "w")
    assert list(loaded) == list(store)
    for key in store:
        assert loaded.digest(key) == store.digest(key), key
    assert is_splat(loaded["splat"]) and (tmp_path / "w" / "weights.bin").stat().st_size < 1000


def test_damaged_dump(tmp_path: Path):
    store = WeightStore()
    store.add("w", np.arange(100.0))
    store.save(tmp_path)
    (tmp_path / "weights.bin").write_bytes(b"12345678")
    with pytest.raises(BadModelError, match="can't read the weights"):
        WeightStore.load(tmp_path)
    with pytest.raises(BadModelError):
        WeightStore.load(tmp_path / "nowhere")
