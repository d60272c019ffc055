"""Do the lessons' claims hold for other seeds? Executes the lessons under many seed offsets and counts.

    uv run python tests/tools/robustness.py --offsets 20

A claim is an `assert` at the top level of a cell, or in a for, while, with, if or match there. Every claim is checked
in every run, also after one that failed; in a loop it holds if it held each time. Not counted, and left as they are:
asserts in functions, classes and try blocks, and in cells that may raise (tag `raises-exception`).

The runs go through Dask, on this machine or, with --scheduler, on a cluster whose workers need the Python packages but
not this repository. Results are appended to a JSON-lines file; the same command goes on where it was stopped.
"""

import argparse
import ast
import hashlib
import io
import json
import logging
import os
import signal
import sys
import tempfile
import uuid
import zipfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import dask
import nbformat
import notebook_runner
from distributed import (
    CancelledError,
    Client,
    KilledWorker,
    LocalCluster,
    Worker,
    WorkerPlugin,
    as_completed,
    get_worker,
)
from IPython.core.inputtransformer2 import TransformerManager
from notebook_runner import ROOT, execute_notebook
from tqdm import tqdm

# The workers of a cluster cannot import these two modules: what they need of them is sent along, as code.
for module in (sys.modules[__name__], notebook_runner):
    cloudpickle.register_pickle_by_value(module)

CONNECT_SECONDS = 10

# The first cell of every run. A claim is written to a file as soon as its outcome changes, so that what was recorded
# outlives the kernel; the function is a builtin, so that it is not among the names of the lesson.
RECORDER = """
def _install_claim():
    import builtins, json, os
    outcomes = {}

    def record(number, value, error=None):
        outcome = "held" if value else "failed"
        if outcomes.get(number) in (outcome, "failed"):
            return
        outcomes[number] = outcome
        text = None if error is None else f"{type(error).__name__}: {error}"
        with open(os.environ["COURSE_CLAIMS_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps([number, outcome, text]) + "\\n")

    builtins.__claim__ = record

_install_claim()
del _install_claim
"""


class Lesson(NamedTuple):
    """A notebook made ready: its asserts record instead of raise. `digest` changes with its code, helpers or data."""

    name: str
    digest: str
    claims: list[str]
    notebook: str


class Run(NamedTuple):
    """One execution of one lesson."""

    lesson: Lesson
    offset: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What identifies the run in the results file."""
        return self.lesson.name, self.lesson.digest, self.offset


class AssertsRecorded(ast.NodeTransformer):
    """Replaces the asserts of a cell by calls that record; `claims` then has their sentences, in order."""

    def __init__(self, source: str, first: int) -> None:
        self.source, self.first, self.claims = source, first, []

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        number = self.first + len(self.claims)
        if isinstance(node.msg, ast.Constant):
            sentence = str(node.msg.value)
        else:
            sentence = ast.get_source_segment(self.source, node.msg or node.test) or ast.unparse(node.test)
        self.claims.append(" ".join(sentence.split()))
        # Not a lambda around the test: a name assigned in the test (`:=`) must stay a name of the cell.
        recorded = ast.parse(
            f"try:\n __claim__({number}, ...)\n"
            f"except Exception as __claim_error__:\n __claim__({number}, False, __claim_error__)"
        ).body[0]
        recorded.body[0].value.args[1] = node.test
        return recorded

    def leave(self, node: ast.stmt) -> ast.stmt:
        return node

    # A function may never be called or be called by the test of a claim, and a try block catches its failures.
    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Try = visit_TryStar = leave


def record_asserts(source: str, first: int = 0) -> tuple[str, list[str]]:
    """The source of a cell with its asserts recorded, numbered from `first`, and their sentences.

    A cell without claims, or that is not Python even after IPython's magics are translated, comes back as it is.
    """
    try:
        translated = TransformerManager().transform_cell(source)
        tree = ast.parse(translated)
    except SyntaxError:
        return source, []
    asserts = AssertsRecorded(translated, first)
    tree = asserts.visit(tree)
    return (ast.unparse(tree), asserts.claims) if asserts.claims else (source, [])


def shared_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Name relative to `root`, and content, of every file of helpers/ and data/."""
    for folder in ("helpers", "data"):
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(root).as_posix(), file.read_bytes()


def read_lesson(path: Path, root: Path) -> Lesson:
    """Read a notebook and make it ready. Raises nbformat.ValidationError or ValueError if it is not a notebook."""
    notebook = nbformat.read(path, as_version=4)
    content = hashlib.sha256()
    for name, data in shared_files(root):
        content.update(f"{name} {len(data)} ".encode() + data)
    claims = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        # Only code, so that an edited sentence or a saved output does not cost hours.
        content.update(json.dumps([cell.source, sorted(cell.metadata.get("tags", []))]).encode())
        if "raises-exception" not in cell.metadata.get("tags", []):
            cell.source, found = record_asserts(cell.source, len(claims))
            claims += found
    notebook.cells.insert(0, nbformat.v4.new_code_cell(RECORDER))
    return Lesson(path.name, content.hexdigest(), claims, nbformat.writes(notebook))


def pack_course(lessons: Sequence[Lesson], root: Path) -> bytes:
    """The course as the bytes of a zip file: helpers/, data/ and the lessons made ready."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in shared_files(root):
            archive.writestr(name, data)
        for lesson in lessons:
            archive.writestr(f"notebooks/{lesson.name}", lesson.notebook)
    return packed.getvalue()


class Course(WorkerPlugin):
    """Carries the course to every worker once, also to those that join or restart later, and executes lessons there."""

    def __init__(self, packed: bytes, timeout: float | None) -> None:
        self.packed, self.timeout = packed, timeout
        self.name = f"course-{uuid.uuid4().hex}"

    def execute(self, notebook: str, offset: int, local_directory: str) -> dict[str, Any]:
        """Execute a lesson in a folder of its own, below the worker's `local_directory`, which Dask tidies up."""
        import importlib.metadata
        import time

        def version(*names: str) -> str | None:
            for name in names:
                with suppress(importlib.metadata.PackageNotFoundError):
                    return importlib.metadata.version(name)
            return None

        with tempfile.TemporaryDirectory(dir=local_directory, ignore_cleanup_errors=True) as folder:
            root, outcomes = Path(folder, "course"), Path(folder, "claims.jsonl")
            zipfile.ZipFile(io.BytesIO(self.packed)).extractall(root)
            environment = {
                "TF_NUM_INTRAOP_THREADS": "1",
                "TF_NUM_INTEROP_THREADS": "1",
                **os.environ,
                "COURSE_SEED_OFFSET": str(offset),
                "COURSE_CLAIMS_FILE": str(outcomes),
            }
            start = time.perf_counter()
            lesson = nbformat.read(root / "notebooks" / notebook, as_version=4)
            error = execute_notebook(lesson, root, environment, Path(folder), self.timeout)
            return {
                "error": error,
                "seconds": round(time.perf_counter() - start, 2),
                "tensorflow": version("tensorflow", "tensorflow-cpu"),
                "keras": version("keras"),
                "outcomes": outcomes.read_text(encoding="utf-8").splitlines() if outcomes.exists() else [],
            }


class InterruptsIgnored(WorkerPlugin):
    """Leaves Ctrl-C to the process that started the workers: they would fill the screen with tracebacks."""

    def setup(self, worker: Worker) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_record(run: Run, status: str, **values: Any) -> dict[str, Any]:
    """The line of the results file for a run; `status` is finished, errored or lost."""
    outcomes = {}
    for line in values.pop("outcomes", []):
        with suppress(ValueError):  # the kernel died while it wrote the line
            number, outcome, error = json.loads(line)
            outcomes[number] = {"outcome": outcome, "error": error}
    return {
        "notebook": run.lesson.name,
        "hash": run.lesson.digest,
        "offset": run.offset,
        "status": status,
        **{name: values.get(name) for name in ("error", "seconds", "tensorflow", "keras")},
        "claims": [
            {"claim": claim, **outcomes.get(number, {"outcome": "not reached", "error": None})}
            for number, claim in enumerate(run.lesson.claims)
        ],
    }


def execute_runs(client: Client, course: Course, runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """Send the runs to the cluster and yield their records as they come. Raises ConnectionError if it is gone."""
    waiting, running, completed = deque(runs), {}, as_completed()
    name = course.name
    client.register_plugin(course, name=name)

    def submit() -> None:
        # Never more runs than threads: a worker that dies takes down all that were assigned to it.
        while waiting and len(running) < max(1, sum(client.nthreads().values())):
            run = waiting.popleft()
            # A lambda is always sent as code; a function of this module would have to be importable on the worker.
            future = client.submit(
                lambda notebook, offset: (
                    (worker := get_worker()).plugins[name].execute(notebook, offset, worker.local_directory)
                ),
                run.lesson.name,
                run.offset,
                key=f"{run.lesson.name}-{run.offset}-{uuid.uuid4().hex}",
                pure=False,
            )
            running[future] = run
            completed.add(future)

    try:
        submit()
        for future in completed:
            run = running.pop(future)
            if client.status != "running":
                raise ConnectionError("the connection to the scheduler is lost. The same command goes on from here.")
            try:
                values = future.result()
            except KilledWorker:
                yield make_record(run, "lost", error="The worker died.")
            except CancelledError as error:
                yield make_record(run, "lost", error=f"The cluster gave the run up: {error}")
            except Exception as error:  # whatever the worker raised, a missing package for instance: it costs one run
                yield make_record(run, "errored", error=f"{type(error).__name__}: {error}")
            else:
                yield make_record(run, "errored" if values["error"] else "finished", **values)
            submit()
    finally:
        with suppress(Exception):  # leave nothing on a cluster that stays; if it is gone, there is nothing to leave
            client.cancel(list(running))
            client.unregister_worker_plugin(name)


@contextmanager
def connect(scheduler: str | None, workers: int) -> Iterator[Client]:
    """A client of the cluster at the address `scheduler`, or of one of `workers` processes that ends with it.

    Raises ConnectionError, saying what to do, if there is no scheduler or it has no workers.
    """
    for name in ("distributed", "distributed.client"):  # the second has a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if scheduler is None:
        # One death is enough: the run that did it would do it again, to another worker.
        quiet = {"distributed.scheduler.allowed-failures": 0, "distributed.scheduler.work-stealing": False}
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            dask.config.set(quiet),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,  # the memory is used by the kernels, which Dask does not see
                dashboard_address=None,
                local_directory=folder,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            client.register_plugin(InterruptsIgnored())
            yield client
        return
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"no scheduler answers at {scheduler}. Start one with `dask scheduler`, and copy the address that it "
            f"prints; or leave --scheduler out, to use this machine. ({type(error).__name__})"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=30)
        except TimeoutError as error:
            raise ConnectionError(
                f"the scheduler at {scheduler} has no workers. Start some with "
                f"`dask worker {scheduler} --nthreads 1`, in an environment with this course's packages."
            ) from error
        yield client


def read_results(path: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """The latest record of every run in a results file; lines cut short by a kill are left out."""
    records = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with suppress(ValueError):
            record = json.loads(line)
            records[record["notebook"], record["hash"], record["offset"]] = record
    return records


def append_result(path: Path, record: dict[str, Any]) -> None:
    """Append a record to a results file, on a line of its own also if the last line was cut short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        cut_short = file.tell() and file.seek(-1, os.SEEK_END) and file.read() != b"\n"
        file.write(b"\n" * bool(cut_short) + json.dumps(record, ensure_ascii=False).encode() + b"\n")


def report(lessons: Sequence[Lesson], runs: Sequence[Run], records: dict[tuple[str, str, int], dict[str, Any]]) -> bool:
    """Print how often each claim held, and where it did not. Returns whether all held in all runs."""
    print("| lesson | claim | held |\n|---|---|---|")
    misses = []
    for lesson in lessons:
        found = [records[run.key] for run in runs if run.lesson == lesson]
        for number, claim in enumerate(lesson.claims):
            where: dict[str, list[str]] = {}
            for record in found:
                outcome, error = (record["claims"][number][name] for name in ("outcome", "error"))
                if outcome != "held":
                    where.setdefault(f"{outcome} ({error})" if error else outcome, []).append(str(record["offset"]))
            held = len(found) - sum(map(len, where.values()))
            cell = claim.replace("|", "\\|")
            print(f"| {lesson.name} | {cell} | {held} of {len(found)} |")
            misses += [
                f"{lesson.name}, “{claim}”: {outcome} at offset {', '.join(offsets)}"
                for outcome, offsets in where.items()
            ]
        if not lesson.claims:
            print(f"| {lesson.name} | (no claims) | |")
    counts = Counter(records[run.key]["status"] for run in runs)
    print(
        f"\n{len(runs)} runs: " + ", ".join(f"{counts[status]} {status}" for status in ("finished", "errored", "lost"))
    )
    broken = [
        f"{run.lesson.name} at offset {run.offset} {record['status']}: {record['error']}"
        for run in runs
        if (record := records[run.key])["status"] != "finished"
    ]
    for line in misses + broken:
        print(line)
    return not misses and not broken


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line. `root` is the folder of the course."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="lessons; without any: all of them")
    parser.add_argument("--offsets", type=int, default=20, metavar="N", help="use the offsets 1000, 2000, ..., N*1000")
    parser.add_argument("--workers", type=int, metavar="N", help="processes on this machine, 2 if not given")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a running Dask scheduler, as tcp://host:port")
    parser.add_argument("--results", type=Path, default=root / ".robustness" / "results.jsonl", metavar="FILE")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="stop a run, and count it as errored, after")
    options = parser.parse_args(arguments)
    if options.offsets < 1 or (options.workers is not None and options.workers < 1):
        parser.error("--offsets and --workers must be 1 or more")
    if options.timeout is not None and options.timeout <= 0:
        parser.error("--timeout must be more than 0 seconds")
    if options.scheduler and options.workers:
        parser.error("--workers is for this machine: leave it out with --scheduler")

    folder = (root / "notebooks").resolve()
    known = sorted(folder.glob("*.ipynb"))
    chosen = [path.resolve() for path in options.notebooks] or known
    if unknown := [str(path) for path in chosen if path not in known]:
        names = ", ".join(path.name for path in known) or "none"
        parser.error(f"no lesson at {', '.join(unknown)}. The lessons in {folder} are: {names}")
    if not chosen:
        parser.error(f"there are no notebooks in {folder}")

    lessons = [read_lesson(path, root) for path in dict.fromkeys(chosen)]
    # All lessons under the first offset, then under the second: a study that is stopped has seen every lesson.
    runs = [Run(lesson, 1000 * number) for number in range(1, options.offsets + 1) for lesson in lessons]
    records = read_results(options.results)
    todo = [run for run in runs if records.get(run.key, {}).get("status") != "finished"]
    try:
        if todo:
            course = Course(pack_course(lessons, root), options.timeout)
            progress = tqdm(total=len(runs), initial=len(runs) - len(todo), unit="run")
            with progress, connect(options.scheduler, options.workers or 2) as client:
                for record in execute_runs(client, course, todo):
                    append_result(options.results, record)
                    records[record["notebook"], record["hash"], record["offset"]] = record
                    progress.update()
    except KeyboardInterrupt:
        print(f"\nStopped. {options.results} has what is done; the same command goes on from there.", file=sys.stderr)
        return 130
    except ConnectionError as error:
        parser.error(str(error))
    return 0 if report(lessons, runs, records) else 1


if __name__ == "__main__":
    sys.exit(main())
