"""How much of the ONNX backend test suite passes.

    python -m benchmarks.conformance [--only REGEX] [--update]

Runs the cases in worker processes and reports them by kind and by op: those that pass, give something else, are refused by name,
end in another error, crash or hang. The whole suite goes to results/conformance.md and .json; --update writes the cases that
don't pass to tests/conformance/not_yet.txt, the list that the tests go by.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict

import click

from benchmarks.conformance import not_yet
from benchmarks.conformance.suite import EXCLUDED, Case, Suite
from benchmarks.conformance.workers import STATUSES, Outcome, run_all
from benchmarks.report import table, write

Outcomes = Mapping[str, Outcome]
REASON_LENGTH = 160


def counts(cases: Mapping[str, Case], outcomes: Outcomes, key: Callable[[Case], str]) -> dict[str, Counter[str]]:
    """How many cases of each group have which status, and how many ran on the host."""
    found: dict[str, Counter[str]] = {}
    for name, outcome in outcomes.items():
        row = found.setdefault(key(cases[name]), Counter())
        row.update({outcome.status: 1, "host": outcome.host > 0, "cases": 1})
    return dict(sorted(found.items()))


def show(title: str, groups: Mapping[str, Counter[str]]) -> str:
    """A table of groups, with their sum below if there are several."""
    columns = ["cases", *STATUSES, "host"]
    total = sum(groups.values(), Counter[str]())
    rows = [(name, row) for name, row in groups.items()] + ([("all", total)] if len(groups) > 1 else [])
    return table([title, *columns], [[name, *(str(row[c] or "") for c in columns)] for name, row in rows])


def reason(outcome: Outcome) -> str:
    """The status and the beginning of the message, on one line."""
    text = " ".join(f"{outcome.status}: {outcome.message}".split())
    return text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH] + "..."


def report(cases: Mapping[str, Case], outcomes: Outcomes) -> str:
    """The tables by kind and by op, and every case that neither passes nor is refused."""
    nodes = {name: outcome for name, outcome in outcomes.items() if cases[name].kind == "Node"}
    failing = {name: outcome for name, outcome in sorted(outcomes.items()) if outcome.status not in ("pass", "unsupported")}
    unchecked = [f"- {name}: {why}" for name, why in EXCLUDED.items() if name in outcomes]
    parts = [
        "Every case is compiled once and run three times: twice, with the same bits, and in guard mode. wrong: gave something "
        "else; unsupported: refused by name; error: any other exception. host: cases with nodes that run on the host, which only "
        "those on strings, sequences, optionals and encoded images may have.",
        show("kind", counts(cases, outcomes, lambda case: case.kind)),
        "Node cases by op:",
        show("op", counts(cases, nodes, lambda case: case.op)),
        *(["Checked for shape and dtype only:", "\n".join(unchecked)] if unchecked else []),
        *(["Neither passed nor refused:", "\n".join(f"- {name}: {reason(o)}" for name, o in failing.items())] if failing else []),
    ]
    return "\n\n".join(parts)


def data(cases: Mapping[str, Case], outcomes: Outcomes) -> dict[str, object]:
    """Counts by kind and by op, and the outcome of every case that doesn't pass."""
    return {
        "by_kind": counts(cases, outcomes, lambda case: case.kind),
        "by_op": counts(cases, outcomes, lambda case: case.op),
        "not_passed": {name: asdict(outcome) for name, outcome in sorted(outcomes.items()) if outcome.status != "pass"},
    }


@click.command(help=__doc__)
@click.option("--only", default="", metavar="REGEX", help="Run the cases whose name has a match, and write nothing.")
@click.option("--update", is_flag=True, help="Write the cases that don't pass to tests/conformance/not_yet.txt.")
@click.option("--jobs", type=int, default=lambda: len(os.sched_getaffinity(0)), help="Worker processes; one for each core.")
@click.option("--timeout", default=60.0, show_default=True, help="Seconds that a case may take.")
def main(only: str, update: bool, jobs: int, timeout: float) -> None:
    if only and update:
        raise click.UsageError("--update wants the whole suite, not --only some of it")
    cases = Suite().cases
    slow_first = sorted(cases, key=lambda name: cases[name].kind != "Real")
    names = [name for name in slow_first if re.search(only, name)]

    def done(name: str, outcome: Outcome) -> None:
        if outcome.status != "pass":
            click.echo(f"{name}: {reason(outcome)}", err=True)

    outcomes = run_all(names, min(jobs, len(names)) or 1, timeout, done)
    text = report(cases, outcomes)
    if only:
        click.echo(text)
        return
    click.echo(show("kind", counts(cases, outcomes, lambda case: case.kind)))
    click.echo(write("conformance", "The ONNX backend test suite", text, data(cases, outcomes)))
    if update:
        not_yet.write({name: reason(o) for name, o in outcomes.items() if o.status != "pass"})


if __name__ == "__main__":
    main()
