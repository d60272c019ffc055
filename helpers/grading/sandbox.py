"""How a learner's notebook is run for grading: nbgrader's Execute, made to outlive what a notebook may do.

nbgrader_config.py puts `Execute` in the place of nbgrader's own, so that every way of grading uses it, Formgrader's
button too. The kernel runs in a bubblewrap sandbox, and does not start where there is none, unless COURSE_SANDBOX=0.
Only the kernel is inside: the gradebook, the solutions and the other submissions stay outside. COURSE_MEMORY_GB limits
its memory (Linux), and COURSE_MEETING names the folder for what a kernel leaves behind.
"""

import ast
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from multiprocessing import parent_process
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_output
from nbgrader.exchange.default import Exchange
from nbgrader.preprocessors import Execute as NbGraderExecute
from traitlets.config import Application

from helpers.grading.cheats import bound_by, parsed

ROOT = Path(__file__).resolve().parents[2]
MEMORY_GB, DISK_MB, SHARED_MB = 3.0, 200, 64
OUTPUT_MB = 5  # of a cell
# The system refuses more. It is for runs that nobody watches: the grading ends a kernel long before.
REFUSED_PROCESSES = 2048
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
for name in ("DATA", "FSIZE", "NPROC"):
    limit = int(sys.argv.pop(1))
    if limit:
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limit, limit))
os.execv(sys.argv[1], sys.argv[1:])"""
# It gets builtins of its own, which nobody else can change.
WITNESS = """import builtins
made = {{"__builtins__": dict(vars(builtins)), "__name__": "witness"}}
exec(compile({text!r}, "witness", "exec"), made)
{name} = made["Witness"](globals(), vars(builtins), {course!r})
del made, builtins"""
FOR_THE_INSTRUCTOR = "For the instructor: "
GIVEN = "given"  # in a cell's metadata: `prepare` of the grading puts it there, and nbgrader's own tags do the rest


def sandbox_command(work: Path, connection: Path) -> list[str]:
    """`bwrap` and its options: what follows runs without a network, in a folder `work` that is empty and forgotten.

    Of this machine it sees SYSTEM, this Python with its packages, and the course's helpers and data, all read-only; and
    the folder `connection`, through which the kernel talks to nbgrader. nbgrader's exchange, which may lie in a system
    folder, is hidden. What it can write is limited, but for `connection`, whose size `watch` of the grading limits.
    """
    read_only = [*SYSTEM, sys.base_prefix, sys.prefix, ROOT / "helpers", ROOT / "data"]
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--unsetenv", "JPY_PARENT_PID", "--setenv", "HOME", "/tmp"]  # the parent is not visible inside
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(SHARED_MB * 2**20), "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev", "--size", str(DISK_MB * 2**20), "--tmpfs", "/tmp"]
    for path in map(str, read_only):
        command += ["--ro-bind-try", path, path]
    for path in exchanges():
        if path.is_dir() and any(path.is_relative_to(Path(each).resolve()) for each in read_only):
            command += ["--size", "4096", "--tmpfs", str(path), "--remount-ro", str(path)]
    command += ["--size", str(DISK_MB * 2**20), "--tmpfs", str(work), "--bind", str(connection), str(connection)]
    return [*command, "--remount-ro", "/", "--chdir", str(work), "--"]


def exchanges() -> list[Path]:
    """Where nbgrader's exchange is, with everybody's submissions: by default, and by the settings of this process."""
    roots = [Exchange.root.default_value]
    if Application.initialized():
        roots.append(Application.instance().config.Exchange.get("root", roots[0]))
    return sorted({Path(root).resolve() for root in map(str, roots)})


def why_no_sandbox() -> str | None:
    """None if this machine can make the sandbox; otherwise what stops it."""
    if not shutil.which("bwrap"):
        return "bubblewrap (bwrap) is not installed; it exists for Linux: apt install bubblewrap"
    with tempfile.TemporaryDirectory() as folder:
        command = [*sandbox_command(ROOT / "autograded", Path(folder)), sys.executable, "-c", ""]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return f"bubblewrap cannot make one here: {done.stderr.strip()}" if done.returncode else None


class Kernel(AsyncKernelManager):
    """A kernel that does not learn the gradebook's address, with limits, and in the sandbox.

    Its connection file and sockets, and whatever else it leaves there, are in a folder of `scratch`.
    """

    scratch: str | None = None

    async def start_kernel(self, **options):
        environment = {**os.environ, **options.pop("env", {})}
        environment.pop("NBGRADER_DB_URL", None)  # it may hold a password
        self.sandboxed = environment.get("COURSE_SANDBOX") != "0"
        self.meeting = Path(tempfile.mkdtemp(dir=self.scratch))
        if self.sandboxed:
            problem = why_no_sandbox() if "COURSE_SANDBOX" not in environment else None
            if problem:
                raise RuntimeError(f"Submissions run in a sandbox, unless you set COURSE_SANDBOX=0. {problem}")
            environment = {name: environment[name] for name in environment if name.startswith(FOR_A_KERNEL)}
            environment["PATH"] = f"{sys.prefix}/bin:/usr/bin:/bin"
            self.transport = "ipc"  # Without a network, the kernel and nbgrader meet in the folder.
        self.connection_file = str(self.meeting / "kernel.json")
        await super().start_kernel(env=environment, **options)

    def format_kernel_cmd(self, extra_arguments=None) -> list[str]:
        command = super().format_kernel_cmd(extra_arguments)
        if os.name == "posix":
            memory = float(os.environ.get("COURSE_MEMORY_GB", MEMORY_GB))
            # Outside a sandbox the number would be that of all processes of this user. Root it does not bind.
            processes = REFUSED_PROCESSES if self.sandboxed else 0
            limits = [str(int(memory * 2**30)), str(DISK_MB * 2**20), str(processes)]
            command = [sys.executable, "-c", LIMITS, *limits, *command]
        if self.sandboxed:
            command = [*sandbox_command(Path(self._launch_args["cwd"]).resolve(), self.meeting), *command]
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
        where = {"prefix": "kernel-", "dir": os.environ.get("COURSE_MEETING"), "ignore_cleanup_errors": True}
        with tempfile.TemporaryDirectory(**where) as Kernel.scratch:
            return self.run_all(nb, resources)

    def run_all(self, nb, resources):
        while True:
            self.running = self.witness = None
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
        if cell.cell_type != "code":
            return super().preprocess_cell(cell, resources, index)
        if self.witness is None:
            self.witness = f"_{secrets.token_hex(16)}"
            text = Path(__file__).with_name("witness.py").read_text(encoding="utf-8")
            self.ask(WITNESS.format(text=text, name=self.witness, course=str(ROOT)), index)
        self.running = index
        secret = secrets.token_hex(16)
        source, with_end = cell.source, with_closing_line(cell, secret)
        before = self.changed(index) if with_end else []
        cell.source = with_end or source
        try:
            done = super().preprocess_cell(cell, resources, index)
        finally:
            cell.source = source
            if with_end:
                look_for(secret, cell)
            cut(cell)
        names = given_names(cell)
        if with_end:  # what the check itself binds, such as the variable of a loop, it may change
            after = [name for name in self.changed(index) if name not in names]
            tell(cell, list(dict.fromkeys([*before, *after])))
        if names:
            self.ask(f"{self.witness}.remember({names!r})", index)
        return done

    def ask(self, source: str, index: int) -> str:
        """Run something of our own in the kernel. Returns what it prints."""
        cell, theirs = new_code_cell(source), self.nb.cells[index]
        try:
            self.execute_cell(cell, index, store_history=False)
        finally:
            self.nb.cells[index] = theirs  # it was put there
        return "".join(output.text for output in cell.outputs if output.output_type == "stream")

    def changed(self, index: int) -> list[str]:
        """What the witness finds changed."""
        secret = secrets.token_hex(16)
        told = self.ask(f"{self.witness}.tell({secret!r})", index).partition(secret)[2]
        try:
            return [str(each) for each in json.loads(told.splitlines()[0])]
        except (ValueError, TypeError, IndexError):
            return ["what looks at the given names"]


def given_names(cell) -> list[str]:
    """The names that a cell binds, if it is one that the notebook gives."""
    tags = cell.metadata.get("nbgrader", {})
    given = not tags["solution"] if "solution" in tags else cell.metadata.get(GIVEN) is True
    tree = parsed(cell.source) if given else None
    return sorted(bound_by(tree)) if tree else []


def tell(cell, changed: list[str]) -> None:
    """Write into a check's outputs that it was not run as it was given."""
    if changed:
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        text = f"{FOR_THE_INSTRUCTOR}changed when it was checked: {', '.join(changed[:5])}{more}\n"
        cell.outputs.insert(0, new_output("stream", name="stdout", text=text))


def with_closing_line(cell, secret: str) -> str | None:
    """The text of a check, with a line that prints `secret` as the last of its `with check(...)`; None for other cells.

    The line runs only after every assertion has held, whatever `check` has been made into. Nobody knows it before.
    """
    if cell.cell_type != "code" or not cell.metadata.get("nbgrader", {}).get("grade"):
        return None
    try:
        blocks = [node for node in ast.parse(cell.source).body if isinstance(node, ast.With)]
    except SyntaxError:
        return None
    blocks = [block for block in blocks if ast.unparse(block.items[0].context_expr).startswith("check(")]
    if not blocks:
        return None
    last, lines = blocks[-1].body[-1], cell.source.split("\n")
    lines.insert(last.end_lineno, f"{' ' * blocks[-1].body[0].col_offset}print({secret!r})")
    return "\n".join(lines)


def look_for(secret: str, cell) -> None:
    """Take the closing line out of a check's outputs. Where neither it nor an error is there, put an error."""
    seen = False
    for output in cell.outputs:
        if output.output_type == "stream" and secret in output.text:
            seen = True
            output.text = output.text.replace(f"{secret}\n", "").replace(secret, "")
    cell.outputs = [each for each in cell.outputs if each.output_type != "stream" or each.text]
    if not seen and not any(output.output_type == "error" for output in cell.outputs):
        why = "The check ended without an error and before its last line. Something has changed what it calls."
        cell.outputs.append(new_output("error", ename="CheckNotFinished", evalue=why, traceback=[why]))


def cut(cell) -> None:
    """Leave of a cell's outputs what can be stored and shown. An error stays, whatever comes before it."""
    kept, size = [], 0
    for output in cell.outputs:
        if output.output_type == "error":
            output.ename, output.evalue = str(output.ename)[:200], str(output.evalue)[:2000]
            output.traceback = [str(line)[:2000] for line in output.traceback[:200]]
            kept.append(output)
        else:
            size += len(json.dumps(output))
            kept += [output] if size <= OUTPUT_MB * 2**20 else []
    if len(kept) < len(cell.outputs):
        kept.append(
            new_output("stream", name="stdout", text=f"(The rest is cut: more than {OUTPUT_MB} MB of outputs.)\n")
        )
    cell.outputs = kept


def run_nbgrader(arguments: list[str], log: str, environment: dict[str, str]) -> None:
    """nbgrader's command in this process, which is its own: what it and its kernels print goes to the file `log`."""
    from nbgrader.apps.nbgraderapp import NbGraderApp

    os.environ.update(environment)
    os.chdir(ROOT)
    if parent_process() is not None:  # whoever started the grading may be killed: then this ends, too
        threading.Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()
    with open(log, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        NbGraderApp.launch_instance(arguments)
