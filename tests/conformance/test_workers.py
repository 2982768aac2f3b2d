"""A case that takes its process down, or never ends, is a result, and the next cases run."""

from __future__ import annotations

from conformance.dying import serve

from benchmarks.conformance.workers import Outcome, run_all


def test_crashes_and_hangs_are_survived() -> None:
    told: list[str] = []
    outcomes = run_all(["die", "well", "hang", "too"], 1, 1.0, lambda name, _: told.append(name), serve)
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        "die": "crash",
        "well": "pass",
        "hang": "timeout",
        "too": "pass",
    }
    assert outcomes["die"] == Outcome("crash", "SIGSEGV")
    assert told == list(outcomes)
