"""A worker's other side that dies or hangs when it is told to."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.conformance.workers import Outcome


def serve(pipe: Connection[Any, Any]) -> None:
    pipe.send("ready")
    while True:
        match pipe.recv():
            case "die":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "hang":
                time.sleep(600)
            case _:
                pipe.send(Outcome("pass"))
