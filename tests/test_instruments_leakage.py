"""The instruments of lesson 02: what other parts have in common with the training part."""

import numpy as np
import pytest

from helpers import data, instruments

RNG = np.random.default_rng(0)


def test_shared_content_finds_windows_and_rows_by_their_values():
    rows = np.arange(20.0).reshape(10, 2)
    train, copy = np.stack([rows[0:3], rows[1:4]]), np.stack([rows[1:4], rows[3:6], rows[6:9]])
    table = instruments.shared_content(train, {"copy": copy, "none": rows[None, 7:10]})
    assert table.loc["copy"].to_list() == pytest.approx([3, 1 / 3, 9, 4 / 9])
    assert table.loc["none"].to_list() == [1, 0, 3, 0]


def test_shared_content_does_not_tell_zero_from_minus_zero():
    table = instruments.shared_content(np.zeros((1, 1, 1)), {"other": -np.zeros((1, 1, 1))})
    assert table.loc["other", "identical"] == 1


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((2, 3)), "shape"),
        (np.zeros((2, 3, 2)), "windows of shape"),
        (np.full((2, 3, 1), np.nan), "NaN"),
        (np.zeros((0, 3, 1)), "empty"),
    ],
)
def test_shared_content_refuses(X, message):
    with pytest.raises(ValueError, match=message):
        instruments.shared_content(np.zeros((2, 3, 1)), {"other": X})


def test_shared_groups_counts_groups_and_samples():
    table = instruments.shared_groups([1, 1, 2], {"both": [2, 2, 2, 3], "new": [4, 5]})
    assert table.loc["both"].to_list() == [2, 1, 0.75]
    assert table.loc["new"].to_list() == [2, 0, 0]


def test_shared_groups_takes_names():
    assert instruments.shared_groups(["Ann", "Bob"], {"other": ["Bob"]}).loc["other", "samples"] == 1


@pytest.mark.parametrize("labels", [[], [[1, 2]]])
def test_shared_groups_refuses(labels):
    with pytest.raises(ValueError, match="other must have shape"):
        instruments.shared_groups([1], {"other": labels})


def test_the_six_windows_of_a_recording_share_no_row_but_person_and_exercise():
    watch = data.load_watch_exercises()
    assert watch.X.shape == (840, 75, 6)
    assert watch.X.dtype == np.float32
    assert (np.bincount(watch.y) == 120).all()
    assert (np.bincount(watch.recording) == 6).all()
    for labels in (watch.y, watch.subject):
        assert len(set(zip(watch.recording, labels, strict=True))) == 140
    table = instruments.shared_content(watch.X[::2], {"the others": watch.X[1::2]})
    assert table.loc["the others", "identical"] == 0
