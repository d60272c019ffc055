"""How a learner's notebook is run for grading: nbgrader's Execute, made to outlive what a notebook may do.

nbgrader_config.py puts `Execute` in the place of nbgrader's own, so that every way of grading uses it. Two environment
variables set it: COURSE_MEMORY_GB limits the memory of a kernel (Linux), and COURSE_SANDBOX=1 runs the kernel in a
bubblewrap sandbox. Only the kernel is inside: the gradebook, the solutions and the other submissions stay outside.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute as NbGraderExecute

ROOT = Path(__file__).resolve().parents[2]
MEMORY_GB, DISK_MB = 3.0, 200
# With the packages, this is all that a kernel in the sandbox finds of the machine. It may write to nothing of it.
SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts"]
FOR_A_KERNEL = (
    "COURSE_",
    "KERAS_",
    "LANG",
    "LC_",
    "MPL",
    "NBGRADER_EXECUTION",
    "OMP_",
    "OPENBLAS_",
    "PYTHON",
    "TF_",
    "TZ",
)
LIMITS = """import os, resource, sys
for name in ("DATA", "FSIZE"):
    limit = int(sys.argv.pop(1))
    resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
os.execv(sys.argv[1], sys.argv[1:])"""


def sandbox_command(work: Path, connection: Path) -> list[str]:
    """`bwrap` and its options: what follows runs without a network, in a folder `work` that is empty and forgotten.

    Of this machine it sees SYSTEM, this Python with its packages, and the course's helpers and data, all read-only; and
    the folder `connection`, through which the kernel talks to nbgrader.
    """
    read_only = [*SYSTEM, sys.base_prefix, sys.prefix, ROOT / "helpers", ROOT / "data"]
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--unsetenv", "JPY_PARENT_PID", "--setenv", "HOME", "/tmp"]  # the parent is not visible inside
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(DISK_MB * 2**20), "--tmpfs", "/tmp"]
    for path in map(str, read_only):
        command += ["--ro-bind-try", path, path]
    command += ["--size", str(DISK_MB * 2**20), "--tmpfs", str(work), "--bind", str(connection), str(connection)]
    return [*command, "--remount-ro", "/", "--chdir", str(work), "--"]


def why_no_sandbox() -> str | None:
    """None if this machine can make the sandbox; otherwise what stops it."""
    if not shutil.which("bwrap"):
        return "bubblewrap (bwrap) is not installed; it exists for Linux: apt install bubblewrap"
    with tempfile.TemporaryDirectory() as folder:
        command = [*sandbox_command(ROOT / "autograded", Path(folder)), sys.executable, "-c", ""]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return f"bubblewrap cannot make one here: {done.stderr.strip()}" if done.returncode else None


class Kernel(AsyncKernelManager):
    """A kernel that does not learn the gradebook's address, with limits, and in the sandbox if that is asked for."""

    async def start_kernel(self, **options):
        environment = {**os.environ, **options.pop("env", {})}
        environment.pop("NBGRADER_DB_URL", None)  # it may hold a password
        self.sandboxed = environment.get("COURSE_SANDBOX") == "1"
        if self.sandboxed:
            environment = {name: environment[name] for name in environment if name.startswith(FOR_A_KERNEL)}
            environment["PATH"] = f"{sys.prefix}/bin:/usr/bin:/bin"
            # Without a network, the kernel and nbgrader meet in a folder.
            self.meeting = tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True)
            self.transport, self.connection_file = "ipc", f"{self.meeting.name}/kernel.json"
        await super().start_kernel(env=environment, **options)

    def format_kernel_cmd(self, extra_arguments=None) -> list[str]:
        command = super().format_kernel_cmd(extra_arguments)
        if os.name == "posix":
            memory = float(os.environ.get("COURSE_MEMORY_GB", MEMORY_GB))
            limits = [str(int(memory * 2**30)), str(DISK_MB * 2**20)]
            command = [sys.executable, "-c", LIMITS, *limits, *command]
        if self.sandboxed:
            command = [*sandbox_command(Path(self._launch_args["cwd"]).resolve(), Path(self.meeting.name)), *command]
        return command


class Execute(NbGraderExecute):
    """Sets a cell aside that never ends or takes the kernel with it, and runs the rest again in a new kernel.

    So one such exercise costs its own points, and no other's.
    """

    interrupt_on_timeout = False  # the code may ignore an interrupt; a new kernel is safe
    shutdown_kernel = "immediate"

    def __init__(self, **options):
        super().__init__(**{"kernel_manager_class": Kernel, **options})

    def preprocess(self, nb, resources):
        self.set_aside = {}
        while True:
            self.running = None
            try:
                return super().preprocess(nb, resources)
            except (CellTimeoutError, DeadKernelError) as error:
                if self.running is None:  # no cell had begun: it is the kernel that cannot start
                    raise
                dead = isinstance(error, DeadKernelError)
                why = "The kernel died in this cell." if dead else f"This cell had not ended after {self.timeout} s."
                self.set_aside[self.running] = new_output(
                    "error",
                    ename=type(error).__name__,
                    evalue=why,
                    traceback=[f"{why} The rest of the notebook ran without it."],
                )

    def preprocess_cell(self, cell, resources, index):
        if index in self.set_aside:
            cell.outputs = [self.set_aside[index]]
            return cell, resources
        self.running = index
        return super().preprocess_cell(cell, resources, index)


def run_nbgrader(arguments: list[str], log: str, environment: dict[str, str]) -> None:
    """nbgrader's command in this process, which is its own: what it and its kernels print goes to the file `log`."""
    from nbgrader.apps.nbgraderapp import NbGraderApp

    os.environ.update(environment)
    os.chdir(ROOT)
    with open(log, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        NbGraderApp.launch_instance(arguments)
