"""lit: FileCheck tests of dialects, passes and tools, run against this checkout."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import lit.formats

config: Any = globals()["config"]  # lit puts it there
root = Path(__file__).resolve().parent.parent

config.name = "tilewright"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".onnxtxt", ".test"]
config.test_source_root = str(root / "lit")
config.excludes = ["plugins"]
config.test_exec_root = str(root / "lit" / "Output")

# The checkout is found through the link in typings/ whether or not the package is installed.
config.environment["PYTHONPATH"] = str(root / "typings")
config.environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
config.substitutions += [
    ("tilewright-opt", f"{sys.executable} -m tilewright.cli.opt"),
    (
        "%plugins",
        f"PYTHONPATH={root / 'typings'}{os.pathsep}{root / 'lit' / 'plugins'} PYTHONDONTWRITEBYTECODE=1 TILEWRIGHT_PLUGINS=roll",
    ),
    ("%models", str(root / "benchmarks" / "zoo")),
]
if mlir_opt := shutil.which("mlir-opt-19") or shutil.which("mlir-opt"):
    config.available_features.add("mlir-opt")
    config.substitutions.append(("%mlir-opt", mlir_opt))
