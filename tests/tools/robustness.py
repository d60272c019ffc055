"""Do the lessons' claims hold for other seeds, and how near do they come to their bounds?

    uv run python tests/tools/robustness.py --offsets 20
    uv run python tests/tools/robustness.py --offsets 20 --first 21 notebooks/01_unscaled_inputs.ipynb   # 20 others

Executes the lessons under many seed offsets and reads the records that `check_claims` leaves in their outputs. Runs go
on after claims that failed, and stop where anything else fails. Results are appended to a JSON-lines file; the same
command goes on where it was stopped.

"room" is the smallest margin over the runs, in standard deviations of the margin over the runs. Below 1 the claim is
weak: it holds by luck, and sooner or later it will fail. It takes at least three runs to tell.
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from notebook_runner import ROOT, execute_notebook
from tqdm import tqdm

MIME = "application/vnd.why-wont-it-learn.claims+json"  # of helpers/claims.py; a test compares
SHARED = ("helpers", "data")
WEAK = 1.0
Record = dict[str, Any]


class Run(NamedTuple):
    """One execution of one lesson; `digest` is that of its code, helpers, data and packages."""

    lesson: str
    digest: str
    offset: int


def digest(notebook: Path, root: Path) -> str:
    """Of what the results depend on: no prose, and not the grading. An edited sentence must not cost hours."""
    content = hashlib.sha256()
    for package in ("keras", "numpy", "scikit-learn"):
        content.update(f"{package} {metadata.version(package)} ".encode())
    for folder in SHARED:
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and not {"__pycache__", "grading"} & set(file.parts):
                content.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            content.update(json.dumps([cell.source, sorted(cell.metadata.get("tags", []))]).encode())
    return content.hexdigest()


def execute(run: Run, course: Path, timeout: float | None, kernels: dict[Run, int]) -> Record:
    """Executes a lesson of `course`, a folder; while it runs, `kernels` has the process id of its kernel.

    Returns the run with its claims, as `check_claims` recorded them, and what stopped it, if anything did.
    """
    notebook = nbformat.read(course / "notebooks" / run.lesson, as_version=4)
    for cell in notebook.cells:
        if "claims" in cell.metadata.get("tags", []):
            cell.metadata["tags"] = [*cell.metadata["tags"], "raises-exception"]
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    environment = {**threads, **os.environ, "COURSE_SEED_OFFSET": str(run.offset)}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        error = execute_notebook(
            notebook, course, environment, Path(scratch), timeout, partial(kernels.__setitem__, run)
        )
    kernels.pop(run, None)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    raised = [f"{o.ename}: {o.evalue}" for o in outputs if o.output_type == "error" and o.ename != "ClaimsFailed"]
    return {
        **run._asdict(),
        "error": error or (raised[0] if raised else None),
        "seconds": round(time.perf_counter() - start, 1),
        "claims": [claim for output in outputs for claim in output.get("data", {}).get(MIME, [])],
    }


def execute_all(runs: Sequence[Run], root: Path, workers: int, timeout: float | None) -> Iterator[Record]:
    """Executes runs side by side, on a copy of the course as it is now, and yields their records as they come."""
    kernels: dict[Run, int] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, ThreadPoolExecutor(workers) as pool:
        for name in (*SHARED, "notebooks"):
            shutil.copytree(root / name, Path(folder, name))
        futures = {pool.submit(execute, run, Path(folder), timeout, kernels): run for run in runs}
        try:
            for future in as_completed(futures):
                try:
                    yield future.result()
                except Exception as error:  # whatever went wrong around the notebook: it costs one run, and is said
                    yield {**futures[future]._asdict(), "error": f"{type(error).__name__}: {error}", "claims": []}
        finally:  # also after Ctrl-C, which the kernels do not get
            pool.shutdown(wait=False, cancel_futures=True)
            while any(future.running() for future in futures):  # one may just be starting its kernel
                for process in list(kernels.values()):
                    with suppress(OSError):
                        os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))
                time.sleep(0.2)


def read_results(path: Path) -> dict[Run, Record]:
    """The latest record of every run in a results file; lines cut short by a kill are left out."""
    records = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with suppress(ValueError, KeyError):
            record = json.loads(line)
            records[Run(*(record[name] for name in Run._fields))] = record
    return records


def append_result(path: Path, record: Record) -> None:
    """Appends a record; the empty line before it ends one that was cut short."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(record, ensure_ascii=False)}\n")


def room(margins: Sequence[float | None]) -> float | None:
    """The smallest margin in standard deviations of the margins; None if that cannot be told."""
    if len(margins) < 3 or None in margins:
        return None
    spread = statistics.stdev(margins)
    if spread == 0:  # the same in every run, such as a value that has to be 0 and is
        return math.inf if min(margins) >= 0 else -math.inf
    return min(margins) / spread


def report(lesson: str, records: Sequence[Record]) -> list[str]:
    """Prints a row per claim of a lesson. Returns what went wrong, a line for each."""
    problems = [f"{lesson} at offset {r['offset']} stopped: {r['error']}" for r in records if r["error"]]
    found: dict[str, dict[int, Record]] = {}
    for record in records:
        for claim in record["claims"]:
            found.setdefault(claim["sentence"], {})[record["offset"]] = claim
    if not found:
        problems.append(f"{lesson} has left no claims")
    for sentence, claims in found.items():
        margins = [claim["margin"] for claim in claims.values()]
        held, space = sum(claim["held"] for claim in claims.values()), room(margins)
        smallest = "–" if None in margins else f"{min(margins):.3g}"
        verdict = "–" if space is None else f"{space:.1f}" + " **weak**" * (space < WEAK)
        print(f"| {lesson[:-6]} | {sentence.replace('|', '/')} | {held} of {len(records)} | {smallest} | {verdict} |")
        failed = [offset for offset, claim in claims.items() if not claim["held"]]
        absent = [record["offset"] for record in records if record["offset"] not in claims]
        for what, where in (("failed", failed), ("not reached", absent)):
            problems += [f"{lesson}, “{sentence}”: {what} at offset {', '.join(map(str, where))}"] if where else []
    return problems


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line. Returns 0 if every claim held in every run, 1 if not, 130 if it was interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="lessons; without any: all of them")
    parser.add_argument("--offsets", type=int, default=20, metavar="N", help="how many offsets: 1000, 2000, ...; 20")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="begin with the offset N*1000")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="runs at a time; 2")
    parser.add_argument("--results", type=Path, default=root / ".robustness" / "results.jsonl", metavar="FILE")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="stop a run, and count it as stopped, after")
    options = parser.parse_args(arguments)
    if min(options.offsets, options.first, options.workers) < 1:
        parser.error("--offsets, --first and --workers must be 1 or more")
    known = sorted((root / "notebooks").resolve().glob("*.ipynb"))
    chosen = list(dict.fromkeys(path.resolve() for path in options.notebooks)) or known
    if unknown := [str(path) for path in chosen if path not in known]:
        parser.error(f"no lesson at {', '.join(unknown)}. There are: {', '.join(path.name for path in known)}")

    digests = {path.name: digest(path, root) for path in chosen}
    offsets = range(1000 * options.first, 1000 * (options.first + options.offsets), 1000)
    # All lessons under the first offset, then under the second: a study that is stopped has seen every lesson.
    runs = [Run(lesson, of, offset) for offset in offsets for lesson, of in digests.items()]
    records = read_results(options.results)
    todo = [run for run in runs if run not in records or records[run]["error"]]
    try:
        with tqdm(total=len(runs), initial=len(runs) - len(todo), unit="run", disable=not todo) as progress:
            for record in execute_all(todo, root, options.workers, options.timeout):
                append_result(options.results, record)
                records[Run(*(record[name] for name in Run._fields))] = record
                progress.update()
    except KeyboardInterrupt:
        print(f"\nStopped. {options.results} has what is done; the same command goes on from there.", file=sys.stderr)
        return 130

    print("| lesson | claim | held | smallest margin | room |\n|---|---|---|---|---|")
    problems = []
    for lesson in digests:
        problems += report(lesson, [records[run] for run in runs if run.lesson == lesson])
    print(f"\n{len(runs)} runs, {sum(records[r]['error'] is not None for r in runs)} stopped", *problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
