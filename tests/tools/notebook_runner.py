"""Executes one notebook in a fresh kernel. Shared by the tools that run, measure and study the lessons."""

import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]


class ThisPython(KernelSpecManager):
    """Knows one kernel, the Python that runs this: a `python3` kernel of the machine may be another Python."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name=kernel_name, language="python")


def execute_notebook(
    notebook: NotebookNode,
    root: Path,
    environment: dict[str, str],
    scratch: Path,
    timeout: float | None = None,
    on_start: Callable[[int], None] | None = None,
) -> str | None:
    """Execute `notebook` (changed in place: outputs, times) in `root`/notebooks, with `root` on the import path.

    The kernel is a new process of the Python that calls, has the variables of `environment` and no others, and is
    gone when the function returns. `scratch` is an existing folder of this run alone. `timeout` is in seconds, for the
    whole notebook; None: no limit. `on_start` gets the process id of the kernel.

    Returns None, or what stopped the notebook, as "ExceptionName: message". Raises nothing for a notebook that fails.
    """
    silent = logging.getLogger("notebook_runner")
    silent.disabled = True  # what goes wrong is returned; logged as well, it would tear a progress bar
    deadline = time.monotonic() + (timeout or 0)
    # In Jupyter's own folder, a run that is killed would leave the file behind.
    connection_file = str(scratch / "kernel.json")
    manager = AsyncKernelManager(kernel_spec_manager=ThisPython(), connection_file=connection_file, log=silent)
    client = NotebookClient(
        notebook,
        km=manager,
        log=silent,
        startup_timeout=120,
        shutdown_kernel="immediate",
        timeout_func=(lambda cell: max(deadline - time.monotonic(), 0.1)) if timeout else None,
        on_notebook_start=(lambda notebook: on_start(manager.provisioner.pid)) if on_start else None,
    )
    paths = [str(root), *filter(None, [environment.get("PYTHONPATH")])]
    try:
        client.execute(
            cleanup_kc=True,  # nbclient leaves a kernel manager that it was given running, unless told
            cwd=str(root / "notebooks"),
            env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except CellExecutionError as error:
        return re.sub(r"\x1b\[[0-9;]*m", "", f"{error.ename}: {error.evalue}")
    except TimeoutError:
        return f"TimeoutError: the notebook had not finished after {timeout} s" if timeout else "TimeoutError"
    except (OSError, RuntimeError) as error:  # the kernel did not start, or died
        return f"{type(error).__name__}: {error}"
    return None
