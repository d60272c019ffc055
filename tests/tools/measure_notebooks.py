"""How long does each notebook take, and how much memory? Executes them one after the other and prints a table.

    uv run python tests/tools/measure_notebooks.py --cores 2
    uv run python tests/tools/measure_notebooks.py --cores 1 --memory-limit 2GB    # as small as a free Binder

Wall time is in seconds, from before the kernel starts until it is gone. Memory is in MB (10^6 bytes): the peak of the
kernel and its child processes, sampled; memory that processes share is counted for each of them.

--memory-limit is a limit of the operating system, on Linux and for anybody: RLIMIT_DATA, beyond which the kernel gets
no more memory of its own. (RLIMIT_AS would also count the addresses that TensorFlow reserves and never uses, more than
2 GB of them; a cgroup needs rights that few have.) It leaves out pages of files, such as TensorFlow's library. So a
notebook whose measured peak, which has them, is above the limit counts as failed too.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import nbformat
import psutil
from notebook_runner import ROOT, execute_notebook

SAMPLE_EVERY = 0.05  # seconds


@dataclass
class Measurement:
    """What one notebook took; `slowest_cell` and `error` are None if no cell ran, or nothing went wrong."""

    notebook: str
    wall_seconds: float
    slowest_seconds: float
    slowest_cell: str | None
    peak_memory_mb: float
    error: str | None


class PeakMemory(threading.Thread):
    """Samples the resident memory of a process and its children until it ends; `peak` is in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process, self.peak = psutil.Process(pid), 0
        self.start()

    def run(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while self.process.status() != psutil.STATUS_ZOMBIE:
                self.peak = max(self.peak, self.total(), self.recorded())
                time.sleep(SAMPLE_EVERY)

    def total(self) -> int:
        """Bytes in use now."""
        total = self.process.memory_info().rss
        for child in self.process.children(recursive=True):
            with suppress(psutil.Error):  # it has just ended
                total += child.memory_info().rss
        return total

    def recorded(self) -> int:
        """The peak that the system itself keeps of the process, children not included; 0 if it keeps none (macOS).

        It also has what came and went between two samples.
        """
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
        return getattr(self.process.memory_info(), "peak_wset", 0)  # Windows


def slowest_cell(notebook: nbformat.NotebookNode) -> tuple[float, str | None]:
    """Seconds and name of the slowest cell of an executed notebook: the heading above it, or its first line."""
    slowest, heading = (0.0, None), None
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
            heading = headings[-1] if headings else heading
        times = cell.metadata.get("execution", {})
        if "iopub.status.busy" in times and "shell.execute_reply" in times:
            start, end = (datetime.fromisoformat(times[name]) for name in ("iopub.status.busy", "shell.execute_reply"))
            name = heading or cell.source.strip().partition("\n")[0]
            slowest = max(slowest, ((end - start).total_seconds(), name), key=lambda found: found[0])
    return slowest


def size(text: str) -> int:
    """Bytes of a size such as "2GB" or "800 MB"."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(MB|GB)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"expected a size such as 2GB or 800MB, got {text}")
    return round(float(found[1]) * {"MB": 1e6, "GB": 1e9}[found[2]])


def limit_memory(pid: int, limit: int) -> None:
    """Let a process, and those that it starts from now on, have no more than `limit` bytes of its own. Linux only."""
    import resource  # not on Windows

    resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


def measure(path: Path, timeout: float | None = None, memory_limit: int | None = None) -> Measurement:
    """Execute a notebook of a course's notebooks/ folder; the file stays as it is.

    `timeout` is in seconds, `memory_limit` in bytes.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times saved in the file, of another run
    samplers: list[PeakMemory] = []

    def on_start(pid: int) -> None:
        samplers.append(PeakMemory(pid))
        if memory_limit:
            limit_memory(pid, memory_limit)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        start = time.perf_counter()
        error = execute_notebook(
            notebook,
            next(folder.parent for folder in path.resolve().parents if folder.name == "notebooks"),
            dict(os.environ),
            Path(scratch),
            timeout,
            on_start,
        )
        seconds = time.perf_counter() - start
    for sampler in samplers:
        sampler.join()
    peak = max((sampler.peak for sampler in samplers), default=0)
    if memory_limit and peak > memory_limit:
        error = error or f"it used {peak / 1e6:.0f} MB, more than the limit"
    slowest_seconds, slowest = slowest_cell(notebook)
    return Measurement(path.name, round(seconds, 1), round(slowest_seconds, 1), slowest, round(peak / 1e6), error)


def machine(cores: int) -> dict[str, str | int | None]:
    """What the numbers depend on; `cores` is how many may be used."""
    tensorflow = None
    for name in ("tensorflow", "tensorflow-cpu"):
        with suppress(importlib.metadata.PackageNotFoundError):
            tensorflow = importlib.metadata.version(name)
    return {
        "cores": cores,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "tensorflow": tensorflow,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns 0, or 1 if a notebook failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="without any: all of notebooks/")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file, too")
    parser.add_argument("--cores", type=int, metavar="N", help="use N processor cores only (Linux, Windows)")
    parser.add_argument("--memory-limit", type=size, metavar="SIZE", help="for each kernel, such as 2GB (Linux)")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="stop a notebook after this time")
    options = parser.parse_args(arguments)
    paths = options.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    if missing := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"no such notebook: {', '.join(missing)}")
    if not paths:
        parser.error(f"there are no notebooks in {ROOT / 'notebooks'}")

    if options.memory_limit and sys.platform != "linux":
        parser.error("--memory-limit is available on Linux only")

    process = psutil.Process()
    can_pin = hasattr(process, "cpu_affinity")
    cores = process.cpu_affinity() if can_pin else list(range(psutil.cpu_count() or 1))
    if options.cores is not None:
        if not can_pin:
            parser.error("--cores is not available on this system")
        if not 1 <= options.cores <= len(cores):
            parser.error(f"--cores must be between 1 and {len(cores)}")
        cores = cores[: options.cores]
        process.cpu_affinity(cores)  # the kernels inherit it

    here = machine(len(cores))
    print("{cores} cores, {platform}, Python {python}, TensorFlow {tensorflow}".format(**here))
    print(f"memory limit: {options.memory_limit / 1e6:.0f} MB\n" if options.memory_limit else "")
    print("| notebook | wall time, s | slowest cell | peak memory, MB |\n|---|---|---|---|")
    found = []
    for path in paths:
        found.append(result := measure(path, options.timeout, options.memory_limit))
        slowest = "" if result.slowest_cell is None else f"{result.slowest_seconds:.1f} s: {result.slowest_cell}"
        cell = slowest.replace("|", "\\|")
        print(f"| {result.notebook} | {result.wall_seconds:.1f} | {cell} | {result.peak_memory_mb:.0f} |", flush=True)
    if options.json:
        here["memory_limit_bytes"] = options.memory_limit
        content = {"machine": here, "notebooks": [asdict(result) for result in found]}
        options.json.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    failed = [result for result in found if result.error]
    for result in failed:
        print(f"\n{result.notebook} failed: {result.error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
