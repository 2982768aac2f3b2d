"""Code generation in worker processes: llvmlite holds one lock round every call, and LLVM's fatal errors end a process.

Workers run `codegen.py` as a script (nothing is forked, so threads of this process don't matter), take LLVM IR as text and stay
for the next compile. They end when this process does, since their input ends then, or after a while without work.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, cast

from .. import knobs
from ..errors import CompileError
from ..runtime.cpus import available_cpus
from . import codegen, jit
from .targets import TargetModel

WORTH = 8
"""Kernels from which on workers are started. A kernel takes 10 to 100 ms, and two workers half of their sum; a worker needs 0.1 s
of its processor to start, beside what the compiler does until there is code to generate."""
MOST = 8
_SCRIPT = Path(codegen.__file__)
_LLVMLITE = Path(codegen.llvm.__file__).parents[2]
"""Where this process found it, which need not be where a new one looks."""
_START = "import runpy, sys; sys.path += sys.argv[2:]; runpy.run_path(sys.argv[1], run_name='__main__')"


class WorkerDied(Exception):
    """A worker ended. `status` as of `Popen`, `words` is what it said last."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"it ended with status {status}: {words or 'no message'}")
        self.status = status


class NoWorker(WorkerDied):
    """A process was started that is no worker: it ended before it was ready."""


class Worker:
    """One process."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `end`
        command = [sys.executable, "-P", "-c", _START, str(_SCRIPT), str(_LLVMLITE)]  # -P: none of ours is found by its bare name
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._said)
        self._ready = False

    def ask(self, text: str, processor: codegen.Processor) -> bytes | str:
        """An object, or why LLVM rejects the text. Raises WorkerDied, NoWorker before the first answer."""
        requests, answers = self.process.stdin, self.process.stdout
        assert requests is not None and answers is not None
        try:
            self._ready = self._ready or self._is_worker(answers)
            pickle.dump((text, tuple(processor)), requests)
            requests.flush()
            return cast("bytes | str", pickle.load(answers))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            raise WorkerDied(self.process.wait(), self._last_words()) from None

    def _is_worker(self, answers: IO[bytes]) -> bool:
        """True once it is ready. Raises NoWorker for a process that ends by itself before, or says something else."""
        said = answers.read(len(codegen.READY))
        if said == codegen.READY:
            return True
        if said:
            self.process.kill()
        status = self.process.wait()
        raise (NoWorker if said or status >= 0 else WorkerDied)(status, self._last_words())

    def _last_words(self) -> str:
        try:
            self._said.seek(0)
            lines = self._said.read().decode(errors="replace").splitlines()
        except ValueError:  # ended by an interrupt in the main thread
            return ""
        return next((line for line in lines if "LLVM ERROR" in line), lines[-1] if lines else "")

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._said):
            with suppress(OSError):
                if stream is not None:
                    stream.close()


class WorkerPool:
    """Workers of this process, started when they are first worth it. One compile at a time uses them."""

    def __init__(self) -> None:
        self._workers: list[Worker | None] = []
        self._lock = threading.Lock()
        self._impossible = False

    def start(self, count: int) -> None:
        """Have so many workers ready; returns before they are."""
        with self._lock:
            self._workers += [None] * (count - len(self._workers))
            for index in range(count):
                self._living(index)

    @property
    def started(self) -> bool:
        return bool(self._workers)

    def compile(self, texts: Mapping[str, str], target: TargetModel) -> dict[str, bytes]:
        """Objects by name. Raises CompileError, naming the unit, for IR that LLVM rejects or ends on."""
        queue: SimpleQueue[str] = SimpleQueue()
        for name in sorted(texts, key=lambda name: -len(texts[name])):
            queue.put(name)
        found: dict[str, bytes] = {}
        errors: list[CompileError] = []
        with self._lock:
            threads = [
                threading.Thread(target=self._work, args=(index, queue, texts, target, found, errors), daemon=True)
                for index in range(min(len(self._workers), len(texts)))
            ]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            except BaseException:  # an interrupt: what workers would still answer belongs to nobody
                errors.append(CompileError("interrupted", stage=jit.STAGE))
                self._end()
                raise
        if errors:
            raise errors[0]
        return found

    def _work(
        self,
        index: int,
        queue: SimpleQueue[str],
        texts: Mapping[str, str],
        target: TargetModel,
        found: dict[str, bytes],
        errors: list[CompileError],
    ) -> None:
        """Take units from the queue until there are none, or one fails."""
        while not errors:
            try:
                name = queue.get_nowait()
            except Empty:
                return
            try:
                found[name] = self._object(index, name, texts[name], target)
            except CompileError as error:
                errors.append(error)
            except Exception as error:  # whatever it is: a thread that ends without a word leaves a unit without code
                errors.append(CompileError(f"no worker process: {error}", op=name, stage=jit.STAGE))

    def _object(self, index: int, name: str, text: str, target: TargetModel) -> bytes:
        if self._impossible:
            return jit.compile_object(text, target)
        try:
            answer = self._answer(index, text, target)
        except NoWorker as none:
            self._impossible = True
            warnings.warn(f"code is generated in this process, for another can't: {none}", stacklevel=2)
            return jit.compile_object(text, target)
        except WorkerDied as died:
            raise CompileError(f"LLVM stopped the process that generates code; {died}", op=name, stage=jit.STAGE) from died
        if isinstance(answer, str):
            raise jit.rejection(answer, name)
        return answer

    def _answer(self, index: int, text: str, target: TargetModel) -> bytes | str:
        processor = jit.processor_of(target)
        try:
            return self._living(index).ask(text, processor)
        except WorkerDied as died:
            if died.status or isinstance(died, NoWorker):
                raise
            return self._living(index).ask(text, processor)  # it had just gone, for want of work

    def _living(self, index: int) -> Worker:
        worker = self._workers[index]
        if worker is None or not worker.lives:
            if worker is not None:
                worker.end()
            worker = self._workers[index] = Worker()
        return worker

    def _end(self) -> None:
        ended = list(self._workers)
        self._workers[:] = [None] * len(ended)
        for worker in ended:
            if worker is not None:
                worker.end()

    def end(self) -> None:
        """End all workers; later compiles start others."""
        with self._lock:
            self._end()

    def leave(self) -> None:
        """Let go of the workers of the parent, in a child after a fork, so that they end with the parent."""
        for worker in self._workers:
            for stream in () if worker is None else (worker.process.stdin, worker.process.stdout):
                with suppress(OSError):
                    if stream is not None:
                        os.close(stream.fileno())


_pool = WorkerPool()
_left: list[WorkerPool] = []


def _after_fork() -> None:
    global _pool
    _left.append(_pool)  # kept, so that nothing of it is closed again
    _pool.leave()
    _pool = WorkerPool()


def _at_exit() -> None:
    _pool.end()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)


def worker_count() -> int:
    """How many workers a compile uses: what the knob says, else one for each processor; 0 where there is only one."""
    asked = knobs.compile_workers()
    if asked is not None:
        return asked
    cpus = min(available_cpus(), MOST)
    return cpus if cpus > 1 and sys.executable else 0


def prepare(kernels: int) -> None:
    """Start workers where so many kernels have to be generated; they get ready while this process goes on."""
    if kernels >= WORTH and worker_count():
        with suppress(OSError):  # no more processes allowed: this one does it
            _pool.start(worker_count())


def compile_objects(texts: Mapping[str, str], target: TargetModel) -> dict[str, bytes]:
    """Objects by name: by the workers where they are started and there is enough to do, else in this process."""
    if len(texts) >= WORTH and worker_count() and _pool.started:
        return _pool.compile(texts, target)
    return {name: jit.compile_object(text, target) for name, text in texts.items()}
