"""Fourier transforms of every length and form agree with numpy in double precision; windows agree with their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_models import make_model, native, run

from tilewright.frontend.fourier import turns

Array = NDArray[Any]


def test_cosines_and_sines_are_exact_to_the_last_bit_or_two():
    for n in (1, 2, 3, 8, 12, 360, 1021):
        cosine, sine = turns(np.arange(-n, 3 * n), n)
        angle = 2 * np.pi * (np.arange(-n, 3 * n) % n).astype(np.longdouble) / n
        np.testing.assert_allclose(cosine, np.cos(angle).astype(np.float64), rtol=0, atol=4e-16)
        np.testing.assert_allclose(sine, np.sin(angle).astype(np.float64), rtol=0, atol=4e-16)
    assert turns(np.arange(4), 4)[0].tolist() == [1, 0, -1, 0]


def signal(*shape: int) -> Array:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def as_complex(x: Array) -> Array:
    wide = x.astype(np.float64)
    return wide[..., 0] + 1j * wide[..., 1] if x.shape[-1] == 2 else wide[..., 0]


def as_parts(x: Array) -> Array:
    return np.stack([np.real(x), np.imag(x)], -1).astype(np.float32) if np.iscomplexobj(x) else x[..., None].astype(np.float32)


def expected(x: Array, axis: int, length: int | None, inverse: int, onesided: int) -> Array:
    value = as_complex(x)
    if inverse:
        return as_parts(np.fft.irfft(value, length, axis) if onesided else np.fft.ifft(value, length, axis))
    spectrum = np.fft.fft(value, length, axis)
    half = spectrum.shape[axis] // 2 + 1
    return as_parts(np.take(spectrum, range(half), axis) if onesided else spectrum)


FORMS = [
    ((2, 12, 1), 1, None, 0, 0),
    ((2, 12, 1), -2, None, 0, 1),
    ((2, 13, 2), 1, None, 0, 0),
    ((2, 13, 2), 1, None, 1, 0),
    ((12, 3, 2), 0, None, 0, 0),
    ((3, 12, 5, 1), 1, 16, 0, 1),
    ((3, 12, 5, 2), -3, 7, 1, 0),
    ((3, 7, 2), 1, None, 1, 1),
    ((3, 7, 5, 2), 1, 11, 1, 1),
    ((3, 7, 2), 1, 15, 1, 1),
    ((3, 7, 2), 1, 9, 1, 1),
    ((2, 1024, 1), 1, None, 0, 1),
    ((2, 1030, 2), 1, None, 1, 0),
    ((1, 521, 2), 1, None, 0, 0),
    ((2, 600, 2), 1, 1200, 1, 1),
    ((2, 600, 3, 2), 1, 1001, 1, 1),
]


@pytest.mark.parametrize("execute", [run, native])
@pytest.mark.parametrize(("shape", "axis", "length", "inverse", "onesided"), FORMS)
def test_dft(shape: tuple[int, ...], axis: int, length: int | None, inverse: int, onesided: int, execute: Any):
    x = signal(*shape)
    wanted = expected(x, axis if axis >= 0 else axis + 1, length, inverse, onesided)
    constants: dict[str, Any] = {"axis": np.int64(axis)} | ({"n": np.int64(length)} if length is not None else {})
    names = ["x", "n" if length is not None else "", "axis"]
    node = helper.make_node("DFT", names, ["y"], inverse=inverse, onesided=onesided)
    (found,) = execute(make_model([node], {"x": shape}, constants=constants), x)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    old = helper.make_node("DFT", names[:2], ["y"], axis=axis % len(shape), inverse=inverse, onesided=onesided)
    (again,) = execute(make_model([old], {"x": shape}, constants=constants, opset=17), x)
    np.testing.assert_array_equal(again, found)


@pytest.mark.parametrize("execute", [run, native])
@pytest.mark.parametrize("parts", [1, 2])
def test_dft_of_a_length_known_at_run_time(parts: int, execute: Any):
    node = helper.make_node("DFT", ["x"], ["y"], onesided=1)
    model = make_model([node], {"x": ["batch", "samples", parts]})
    for size in (6, 15):
        x = signal(2, size, parts)
        np.testing.assert_allclose(execute(model, x)[0], expected(x, 1, None, 0, 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("execute", [run, native])
@pytest.mark.parametrize("samples", [100, "samples"])
@pytest.mark.parametrize("windowed", [False, True])
def test_stft(samples: int | str, windowed: bool, execute: Any):
    x, window = signal(2, 100, 1), np.hanning(16).astype(np.float32)
    names = ["x", "step", "window", ""] if windowed else ["x", "step", "", "length"]
    constants = {"step": np.int64(10), "window": window, "length": np.int64(16)}
    model = make_model([helper.make_node("STFT", names, ["y"])], {"x": [2, samples, 1]}, constants=constants)
    frames = np.stack([x[:, at : at + 16, 0].astype(np.float64) for at in range(0, 85, 10)], 1)
    wanted = as_parts(np.fft.rfft(frames * (window if windowed else 1.0)))
    np.testing.assert_allclose(execute(model, x)[0], wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("execute", [run, native])
@pytest.mark.parametrize("size", [1, 8, 9])
@pytest.mark.parametrize("periodic", [0, 1])
@pytest.mark.parametrize("op", ["HannWindow", "HammingWindow", "BlackmanWindow"])
def test_windows_of_a_size_known_at_run_time(op: str, periodic: int, size: int, execute: Any):
    """The size is a dim of an input; the same as of a size that is a number."""
    sizes = helper.make_node("Size", ["x"], ["n"])
    node = helper.make_node(op, ["n"], ["y"], periodic=periodic)
    (found,) = execute(make_model([sizes, node], {"x": ["samples"]}), np.zeros(size, np.float32))
    (fixed,) = run(make_model([node], {}, constants={"n": np.int64(size)}))
    k = np.arange(size) * 2 * np.pi / max(size - 1 + periodic, 1)
    wanted = {
        "HannWindow": 0.5 - 0.5 * np.cos(k),
        "HammingWindow": 25 / 46 - 21 / 46 * np.cos(k),
        "BlackmanWindow": 0.42 - 0.5 * np.cos(k) + 0.08 * np.cos(2 * k),
    }
    np.testing.assert_allclose(fixed, wanted[op], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found, wanted[op], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("execute", [run, native])
def test_mel_filters_are_triangles(execute: Any):
    names = ["bins", "length", "rate", "low", "high"]
    values = [np.int32(8), np.int32(64), np.int32(8192), np.float32(0), np.float32(4096)]
    model = make_model([helper.make_node("MelWeightMatrix", names, ["y"])], {}, constants=dict(zip(names, values, strict=True)))
    reference: Any = ReferenceEvaluator(model)
    np.testing.assert_allclose(execute(model)[0], reference.run(None, {})[0], rtol=1e-6, atol=1e-7)
