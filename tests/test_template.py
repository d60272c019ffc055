"""A lesson made from the template keeps to the form. nbval runs the template itself."""

import shutil

import new_lesson
import pytest
import test_notebooks


def test_a_lesson_made_from_the_template_passes_every_test_of_form(tmp_path):
    shutil.copy(test_notebooks.NOTEBOOKS[0], tmp_path)  # the template links to it
    path = new_lesson.make("98", "A new failure", tmp_path)
    assert path.name == "98_a_new_failure.ipynb"
    assert "99" not in path.read_text(encoding="utf-8")
    test_notebooks.check_form(path)


def test_what_cannot_be_a_lesson_is_refused(tmp_path):
    with pytest.raises(ValueError, match="two digits"):
        new_lesson.make("6", "A new failure", tmp_path)
    with pytest.raises(ValueError, match="capital letter"):
        new_lesson.make("06", "a new failure", tmp_path)
    new_lesson.make("98", "A new failure", tmp_path)
    with pytest.raises(FileExistsError, match="98_a_new_failure"):
        new_lesson.make("98", "Another", tmp_path)
