"""Sorts what a learning platform gave into submitted/: `uv run python -m helpers.grading.collect 01_unscaled_inputs`.

It reads the folder downloaded/<lesson>/, or the folders and zips that are named: Moodle's downloads (in folders and
flat), Canvas's, and files called <learner>_<lesson>.ipynb. Nothing is unpacked to a place that a file chose. Beside a
notebook lies collected.json with what its name told (a number, LATE) and what to look at; the report shows it.
"""

import argparse
import io
import json
import os
import re
import shutil
import stat
import sys
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
SUBMITTED = ROOT / "submitted"
NOTES = "collected.json"
SIZE_MB = 20  # of a notebook; those of the course have less than one
# nbgrader takes some of these for a pattern or a setting, and shows names on its pages; a spreadsheet takes @ for a
# formula; and in autograded/ the report is a .csv.
NOT_IN_A_NAME = re.compile(r"""[\[\]*?+{}~$<>&"'`/\\,;=]|^[-. @]|[. ]$|\.csv$|^logs$""")


def may_be_a_name(student: str) -> bool:
    """Whether a learner's folder may have this name."""
    return bool(student) and student.isprintable() and not NOT_IN_A_NAME.search(student)


@dataclass
class Found:
    """A notebook among the downloads; `where` is its place there, for people."""

    student: str
    content: bytes
    where: str
    number: str | None = None
    late: bool = False


def files(place: Path, skipped: list[str]) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Each notebook under `place`, also in zips, by its path. Links, devices and large files are named, not read."""
    paths = sorted(place.rglob("*")) if place.is_dir() else [place]
    for path in paths:
        name = PurePosixPath(path.relative_to(place).as_posix() if place.is_dir() else path.name)
        if path.suffix.lower() not in (".ipynb", ".zip") or path.is_dir():
            continue
        try:
            content = read(path, 50 * SIZE_MB if path.suffix == ".zip" else SIZE_MB)
        except ValueError as error:
            skipped.append(f"{name}: {error}")
            continue
        yield from unpacked(name, content, skipped)


def read(path: Path, limit_mb: float) -> bytes:
    """A file's content. Raises ValueError, with the reason, for a link, a pipe, a device, or more than `limit_mb`."""
    if path.is_symlink():
        raise ValueError("a symbolic link, which may lead anywhere")
    # A pipe is opened without waiting for somebody to write into it.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("no regular file")
        content = file.read(int(limit_mb * 2**20) + 1)
    if len(content) > limit_mb * 2**20:
        raise ValueError(f"larger than {limit_mb:g} MB")
    return content


def unpacked(name: PurePosixPath, content: bytes, skipped: list[str], depth: int = 0) -> Iterator:
    """`name` itself, or what the zip of that name contains, also in zips of its own."""
    if name.suffix.lower() != ".zip":
        yield name, content
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        skipped.append(f"{name}: no zip that can be read")
        return
    for member in members[:20_000]:
        inner = PurePosixPath(member.filename)
        hidden = any(part == "__MACOSX" or part.startswith("._") for part in inner.parts)
        if member.is_dir() or hidden or inner.suffix.lower() not in (".ipynb", ".zip"):
            continue
        # A learner's zip stands for its file: Moodle's name is that of the zip.
        place = name.parent / name.stem / inner if depth else inner
        limit = SIZE_MB * 2**20
        if stat.S_ISLNK(member.external_attr >> 16):
            skipped.append(f"{inner}: a symbolic link, which may lead anywhere")
        elif inner.suffix.lower() == ".zip" and depth:
            skipped.append(f"{inner}: a zip within a zip within a zip")
        else:
            try:
                with archive.open(member) as file:
                    data = file.read(limit + 1)
            except Exception as error:  # damaged, encrypted, or of an unknown kind
                skipped.append(f"{inner}: cannot be read ({error})")
                continue
            if len(data) > limit:
                skipped.append(f"{inner}: larger than {SIZE_MB} MB")
            else:
                yield from unpacked(place, data, skipped, depth + 1)


def whose(path: PurePosixPath, lesson: str, lessons: list[str]) -> tuple[str, str | None, bool]:
    """The learner, the platform's number and whether the name says LATE. Raises ValueError, with the reason."""
    name = path.name
    if name.startswith("._"):
        raise ValueError("a file of macOS, no notebook")
    others = [each for each in lessons if each in name and each != lesson]
    if others and lesson not in name:
        raise ValueError(f"its name is of {others[0]}")
    for part in reversed(path.parts):  # Moodle: the folder's name, or the beginning of the file's
        moodle = re.match(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_file(?:_|$)", part)
        if moodle:
            return moodle["name"], moodle["number"], False
    begin, has, _ = name.partition(lesson)
    if not has:
        raise ValueError(f"{lesson} is not in its name")
    late = bool(re.search(r"_LATE_", f"_{begin}", re.I))
    student, separator, rest = begin.partition("_")
    number = re.match(r"(?:LATE_)?(\d+)_", rest, re.I)
    if separator and student:
        return student, number[1] if number else None, late
    if path.parent.name:  # miller/01_unscaled_inputs.ipynb
        return path.parent.name, None, False
    raise ValueError("its name does not say whose it is")


def gather(places: list[Path], lesson: str, lessons: list[str]) -> tuple[dict[str, list[Found]], list[str]]:
    """The notebooks by learner, and what was skipped, and why."""
    skipped: list[str] = []
    by_person: dict[tuple[str, str | None], list[Found]] = defaultdict(list)
    for place in places:
        for path, content in files(place, skipped):
            try:
                student, number, late = whose(path, lesson, lessons)
                student = unicodedata.normalize("NFC", student).strip()
                student = student.replace("'", "’")
                if not may_be_a_name(student):
                    raise ValueError(f"no name of a learner: {student!r}")
            except ValueError as error:
                skipped.append(f"{path}: {error}")
                continue
            by_person[student, number].append(Found(student, content, str(path), number, late))
    people = defaultdict(list)
    for student, number in by_person:
        people[student].append(number)
    found = {}
    for (student, number), notebooks in by_person.items():
        # Two people of one name are told apart by the platform's number.
        found[student if len(people[student]) == 1 or number is None else f"{student}_{number}"] = notebooks
    return found, skipped


def natural(text: str) -> list:
    """For sorting: "Copy (10)" comes after "Copy (2)"."""
    return [int(part) if i % 2 else part for i, part in enumerate(re.split(r"([0-9]{1,18})", text))]


def put(student: str, notebooks: list[Found], lesson: str) -> str:
    """Write one learner's notebook and notes. Returns what was done."""
    notebooks = sorted(notebooks, key=lambda each: natural(each.where))
    chosen, look = notebooks[-1], []
    if len({each.content for each in notebooks}) > 1:
        look = [f"{len(notebooks)} different files handed in; took {Path(chosen.where).name}"]
    notes = {"file": chosen.where, "number": chosen.number, "late": chosen.late, "look": look}
    folder = SUBMITTED / student / lesson
    target = folder / f"{lesson}.ipynb"
    with suppress(OSError, ValueError):
        if read(target, SIZE_MB) == chosen.content and notes_of(folder) == notes:
            return "as before"
    done = "replaced" if folder.exists() else "new"
    if folder.is_symlink() or (SUBMITTED / student).is_symlink():
        raise ValueError(f"{folder} is, or is in, a symbolic link")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target.write_bytes(chosen.content)
    (folder / NOTES).write_text(json.dumps(notes, ensure_ascii=True), encoding="utf-8")
    return f"{done}; {'; '.join(look)}" if look else done


def notes_of(folder: Path) -> dict:
    """What was noted when a submission was collected; empty if nothing was."""
    try:
        notes = json.loads(read(folder / NOTES, 1))
    except (OSError, ValueError, RecursionError):
        return {}
    return notes if isinstance(notes, dict) else {}


def shown(text: str) -> str:
    """`text` on one line, without what a terminal would obey."""
    text = re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", text)
    text = "".join(c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return re.sub(r" +", " ", text).strip()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m helpers.grading.collect", description=__doc__.split("\n")[0])
    parser.add_argument("lesson", help="for instance 01_unscaled_inputs")
    parser.add_argument("place", nargs="*", type=Path, help="folders and zips; the default is downloaded/<lesson>")
    options = parser.parse_args(arguments)
    lessons = sorted(path.name for path in (ROOT / "notebooks" / "exercises").iterdir() if path.is_dir())
    if options.lesson not in lessons:
        parser.error(f"there are no exercises {options.lesson!r}, only: {', '.join(lessons)}")
    places = options.place or [ROOT / "downloaded" / options.lesson]
    absent = [str(place) for place in places if not place.exists()]
    if absent:
        parser.error(f"not there: {', '.join(absent)}")
    found, skipped = gather(places, options.lesson, lessons)
    for student in sorted(found):
        try:
            done = put(student, found[student], options.lesson)
        except (OSError, ValueError) as error:
            skipped.append(f"{student}: {error}")
            continue
        print(shown(f"{student}: {done}"))
    for line in skipped:
        print(shown(f"SKIPPED {line}"))
    print(f"\n{len(found)} learners, {len(skipped)} files skipped.")
    return int(bool(skipped))


if __name__ == "__main__":
    sys.exit(main())
