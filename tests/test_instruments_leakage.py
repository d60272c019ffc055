"""The instruments of lesson 02: what other parts have in common with the training part."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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
        (np.zeros((2, 3, 2)), "as in train, got shape"),
        (np.full((2, 3, 1), np.nan), "NaN"),
        (np.zeros((0, 3, 1)), "got shape \\(0,"),
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


def test_a_linear_model_falls_for_recordings_on_both_sides_too():
    """Lesson 02, Going deeper."""
    watch = data.load_watch_exercises()
    numbers = np.concatenate([watch.X.mean(axis=1), watch.X.std(axis=1)], axis=1)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    by_person = cross_val_score(linear, numbers, watch.y, cv=GroupKFold(5), groups=watch.subject).mean()
    for seed in range(3):
        by_window = cross_val_score(linear, numbers, watch.y, cv=KFold(5, shuffle=True, random_state=seed)).mean()
        assert by_window > by_person + 0.03


def test_keras_validates_on_the_last_part_of_the_arrays_as_they_lie():
    """Lesson 02: whether `validation_split` keeps groups together depends on the order of the arrays."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    y = np.repeat([0.0, 1.0], [20, 10])
    history = model.fit(np.zeros((30, 1)), y, validation_split=1 / 3, epochs=1, verbose=0).history
    assert (history["loss"][0], history["val_loss"][0]) == (0.0, 1.0)
