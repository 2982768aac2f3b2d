"""``tilewright``: compile ONNX models, run, compare, time and explain them.

Exit code 0; 1 with one line on stderr for a model or input that can't be compiled or run; 2 for wrong usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from ..errors import BadOptionError, TilewrightError
from ..registration import import_plugins

COMMANDS = {
    "compile": "Compile a model; print it at any stage.",
    "run": "Run a model on random or given inputs; print a table of its outputs.",
    "compare": "Run a model beside onnxruntime, value by value; name the first node that differs.",
    "bench": "Median latency of a model, beside onnxruntime's where that is installed.",
    "explain": "Print a model's kernels: the ONNX nodes fused into each, and its schedule.",
}
"""Each command with its short help; ``cli/<command>.py`` holds it as ``command`` and is imported when it is used."""


class LazyGroup(click.Group):
    """Imports a command's module only when the command runs: ``--help`` needs neither xdsl nor onnx."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        return import_module(f".{cmd_name}", __package__).command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tilewright")
def cli() -> None:
    """An ONNX compiler whose every stage can be printed, stopped at, edited and restarted."""


def main(args: Sequence[str] | None = None) -> int:
    """Run the tool on ``args`` (default: the command line); return the exit code."""
    try:
        import_plugins()
        cli.main(args, prog_name="tilewright", standalone_mode=False)
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (TilewrightError, OSError) as error:
        print(f"tilewright: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadOptionError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
