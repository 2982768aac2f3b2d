"""Environment variables: parsed when read, refused by name when malformed."""

from pathlib import Path

import pytest

from tilewright import knobs
from tilewright.errors import BadOptionError


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("TILEWRIGHT_CACHE_DIR", "/somewhere", "cache_dir", Path("/somewhere")),
        ("TILEWRIGHT_CACHE_SIZE", "12", "cache_size", 12),
        ("TILEWRIGHT_CACHE_SIZE", "512M", "cache_size", 512 << 20),
        ("TILEWRIGHT_CACHE_SIZE", "2GB", "cache_size", 2 << 30),
        ("TILEWRIGHT_DISABLE_PASS", "a, b,", "disable_pass", ("a", "b")),
        ("TILEWRIGHT_VERIFY", "on", "verify", True),
        ("TILEWRIGHT_GUARD", "", "guard", False),
    ],
)
def test_value(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, name: str, value: object) -> None:
    monkeypatch.setenv(variable, text)
    assert getattr(knobs, name)() == value


@pytest.mark.parametrize(
    ("variable", "text", "name"),
    [
        ("TILEWRIGHT_CACHE_SIZE", "12 parsecs", "cache_size"),
        ("TILEWRIGHT_THREADS", "0", "threads"),
        ("TILEWRIGHT_VERIFY", "perhaps", "verify"),
    ],
)
def test_malformed(monkeypatch: pytest.MonkeyPatch, variable: str, text: str, name: str) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(BadOptionError, match=f"{variable}={text}: expected"):
        getattr(knobs, name)()


def test_cache_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TILEWRIGHT_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert knobs.cache_dir() == Path("/xdg/tilewright")


def test_variables_are_unique_and_prefixed() -> None:
    variables = [knob.variable for knob in vars(knobs).values() if isinstance(knob, knobs.Knob)]
    assert len(variables) == len(set(variables)) > 5
    assert all(variable.startswith("TILEWRIGHT_") for variable in variables)
