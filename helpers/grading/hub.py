"""What `nbgrader collect` takes from a hub's exchange: regular files, and of each learner only.

nbgrader's own copying follows symbolic links with the instructor's rights, so that a learner could hand in a link to
somebody else's file; and a pipe, or a folder with an odd name, ends it for the whole class.
"""

from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from helpers.grading.collect import SIZE_MB, may_be_a_name, read

BESIDE = ("timestamp.txt", "submission_secret.txt")  # what nbgrader puts beside the notebook


class Collect(ExchangeCollect):
    """nbgrader's, but for what is copied. nbgrader_config.py puts it in its place."""

    def _path_to_record(self, path):
        try:
            record = super()._path_to_record(path)
            if may_be_a_name(record["username"]):
                return record
        except Exception:  # whatever name somebody gave a folder
            pass
        self.log.warning("Not collected, as its name is not one that nbgrader gives: %r", path)
        return {"username": "", "filename": "", "timestamp": parse_utc("1970-01-01")}

    def copy_files(self):
        self.src_records = [record for record in self.src_records if record["username"]]
        super().copy_files()

    def do_copy(self, src, dest, log=None):
        Path(dest).mkdir(parents=True)
        try:
            if Path(src).is_symlink():
                raise ValueError("a symbolic link, which may lead anywhere")
            paths = sorted(path for path in Path(src).iterdir() if path.suffix == ".ipynb" or path.name in BESIDE)
        except (OSError, ValueError) as error:
            self.log.warning("Not collected: %r: %s", str(src), error)
            return
        for path in paths:
            try:
                content = read(path, SIZE_MB)
            except (OSError, ValueError) as error:
                self.log.warning("Not collected: %r: %s", str(path), error)
                content = f"Not collected: {error}".encode()  # so the report names it
            (Path(dest) / path.name).write_bytes(content)
