"""`tilewright.emit_object` writes what the command line writes, and refuses the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilewright
from tilewright.errors import BadOptionError

from .library import Library, assert_same, emit, save
from .models import conv_net


@pytest.mark.parametrize("weights", ["embedded", "beside"])
def test_files_are_those_of_the_command(weights: str, tmp_path: Path) -> None:
    model, _ = conv_net()
    path = save(model, tmp_path)
    (tmp_path / "a").mkdir()
    emit(path, tmp_path / "a" / "net.o", "--weights", weights, "--threads", "2", "--target", "x86-64-v3")
    written = tilewright.emit_object(path, tmp_path / "net.o", weights=weights, threads=2, target="x86-64-v3")
    assert [file.name for file in written] == ["net.o", "net.h", *(["net.weights"] if weights == "beside" else [])]
    for file in written:
        assert file.read_bytes() == (tmp_path / "a" / file.name).read_bytes()


def test_a_library_of_a_model_in_memory_runs(tmp_path: Path) -> None:
    model, feeds = conv_net()
    written = tilewright.emit_object(model, tmp_path / "net.so")
    expected = tilewright.compile(model).run(feeds)
    assert_same(Library(written[0], "net").results(feeds, {"y": np.zeros_like(expected["y"])}), expected)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"weights": "elsewhere"}, "weights are 'embedded' or 'beside'"),
        ({"prefix": "a-b"}, "is no C identifier"),
        ({"threads": 0}, "threads are 1 to"),
        ({"threads": 2, "freestanding": True}, "takes one thread"),
        ({"output": "net.h"}, "also the name of the header"),
    ],
)
def test_options_that_cant_be_are_refused(how: dict[str, Any], reason: str, tmp_path: Path) -> None:
    model, _ = conv_net()
    with pytest.raises(BadOptionError, match=reason):
        tilewright.emit_object(model, tmp_path / how.pop("output", "net.o"), **how)
    assert not list(tmp_path.iterdir())
