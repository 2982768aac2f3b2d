"""``tilewright-opt``: xDSL's optimizer driver with our dialects, passes and named pipelines.

    tilewright-opt model.mlir -p 'fold-constants,dce' --print-between-passes

Reads MLIR at any stage, and ONNX. Exit code 0; 1 with the error on stderr; 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.arg_spec import ArgSpec, parse_pipeline
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError, PassFailedException
from xdsl.xdsl_opt_main import xDSLOptMain

from ..backends.targets import get_target
from ..compiler import PIPELINES
from ..errors import BadOptionError, TilewrightError
from ..passes.session import CompileSession, current_session
from ..passes.verify import check_dominance
from ..registration import import_plugins
from ..runtime.weights import WeightStore
from ..universe import TILEWRIGHT_UNIVERSE, TOOL_DIALECTS


def expand_pipelines(spec: str, pipelines: Mapping[str, str], disabled: Iterable[str] = ()) -> str:
    """Replace the names of pipelines in ``spec`` by their passes, and leave out the disabled ones.

    ``"graph-pipeline,cse"`` -> ``"infer-shapes,fold-constants,...,cse"``
    """
    without = set(disabled)

    def passes(text: str) -> Iterable[ArgSpec]:
        for item in parse_pipeline(text):
            if item.name in pipelines:
                yield from passes(pipelines[item.name])
            elif item.name not in without:
                yield item

    return ",".join(map(str, passes(spec)))


_OPTIONS: dict[str, dict[str, Any]] = {
    "--disable-pass": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": "Leave this pass out of the pipeline; may be repeated.",
    },
    "--rewrite-limit": {"type": int, "metavar": "N", "help": "Stop rewriting after N rewrites, to find the one that does harm."},
    "--rewrite-stats": {"action": "store_true", "help": "Print how often each pattern fired, on stderr."},
    "--cpu": {"metavar": "NAME", "help": "The processor to compile for; by default what the module says."},
    "--weights": {
        "type": Path,
        "metavar": "DIR",
        "help": "Where a dump's weights are; by default beside the input file.",
    },
    "--save-weights": {"type": Path, "metavar": "DIR", "help": "Write the weights that the output refers to there."},
}


class OptMain(xDSLOptMain):
    """xDSL's driver, with what ``universe.py`` lists whether the package is installed or not."""

    version_format = "tilewright-opt on xdsl version {xdsl_version}"

    def register_all_dialects(self) -> None:
        for name, factory in (Universe.get_multiverse().all_dialects | TOOL_DIALECTS).items():
            self.ctx.register_dialect(name, factory)

    def register_all_passes(self) -> None:
        super().register_all_passes()
        self.available_passes |= TILEWRIGHT_UNIVERSE.all_passes

    def register_all_frontends(self) -> None:
        super().register_all_frontends()

        def parse_onnx(stream: IO[bytes]) -> ModuleOp:
            from ..frontend.importer import import_model  # only here: onnx takes half a second to load

            source = self.args.input_file or stream.read()
            return import_model(source, current_session().weights)

        def parse_text(stream: IO[bytes]) -> ModuleOp:
            from ..frontend.importer import import_model
            from ..frontend.reader import parse_text

            return import_model(parse_text(stream.read()), current_session().weights)

        self.available_frontends |= {"onnx": parse_onnx, "onnxtxt": parse_text}

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp | None:
        module = super().parse_chunk(chunk, file_extension, start_offset)
        if module is not None and self.args.cpu:
            module.attributes["kernel.target"] = StringAttr(get_target(self.args.cpu).name)
        return module

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        for flag, options in _OPTIONS.items():
            arg_parser.add_argument(flag, **options)
        arg_parser.epilog = f"Named pipelines, usable wherever a pass is: {', '.join(PIPELINES)}."

    def compile_session(self) -> CompileSession:
        """What the passes work with: the weights beside the input or at --weights, the target and the rewrite limit."""
        folder = self.args.weights or Path(self.args.input_file or ".").parent
        found = self.args.weights or (folder / "weights.json").exists()
        session = CompileSession(WeightStore.load(folder) if found else WeightStore(), self.args.cpu)
        if self.args.rewrite_limit is not None:
            session.rewrites.limit = self.args.rewrite_limit
        return session

    def run(self) -> None:
        with self.compile_session().activate() as session:
            super().run()
        if self.args.rewrite_stats:
            print(session.rewrites.table(), file=sys.stderr)
        if self.args.save_weights:
            session.weights.save(self.args.save_weights)

    def setup_pipeline(self) -> None:
        try:
            self.args.passes = expand_pipelines(self.args.passes, PIPELINES, self.args.disable_pass)
            super().setup_pipeline()
        except (ArgSpecParseError, ValueError) as error:
            raise BadOptionError(f"--passes: {error}") from error
        inner = self.pipeline.callback
        assert inner is not None

        def callback(previous: ModulePass | None, module: ModuleOp, following: ModulePass | None) -> None:
            inner(previous, module, following)
            if not self.args.disable_verify:
                check_dominance(module)
            if sys.stderr.isatty():
                show_progress(following, len(self.pipeline.passes))

        self.pipeline = dataclasses.replace(self.pipeline, callback=callback)


def show_progress(following: ModulePass | None, count: int) -> None:
    """Rewrite one line of the terminal with the pass that comes next; clear it after the last of ``count``."""
    text = f"{following.name} ({count} passes)" if following else ""
    print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main(args: Sequence[str] | None = None) -> int:
    """Run the tool on ``args`` (default: the command line); return the exit code."""
    try:
        import_plugins()
        OptMain(args=args).run()
    except BadOptionError as error:
        print(f"tilewright-opt: {error}", file=sys.stderr)
        return 2
    except (TilewrightError, ParseError, DiagnosticException, PassFailedException, OSError, ValueError) as error:
        print(f"tilewright-opt: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
