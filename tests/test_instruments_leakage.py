"""The instruments of lesson 02: what other parts have in common with the training part."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

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


def test_overlapping_rows_counts_rows_in_common():
    train = np.array([[0, 9], [10, 19]])
    parts = {"inside": [[2, 5], [5, 14]], "touches": [[19, 28]], "after": [[20, 29]]}
    table = instruments.overlapping_rows(train, parts)
    assert table.loc["inside"].to_list() == [2, 1, 0.75]  # 4 of 4 rows, and 5 of 10
    assert table.loc["touches"].to_list() == [1, 1, 0.1]
    assert table.loc["after"].to_list() == [1, 0, 0]


def test_overlapping_rows_agrees_with_counting():
    train, other = (np.sort(RNG.integers(0, 400, (size, 2)), axis=1) for size in (30, 1100))
    common = [max(len(set(range(a, b + 1)) & set(range(c, d + 1))) for c, d in train) / (b - a + 1) for a, b in other]
    table = instruments.overlapping_rows(train, {"other": other})
    assert table.loc["other", "overlapping"] == pytest.approx((np.array(common) > 0).mean())
    assert table.loc["other", "rows in common"] == pytest.approx(np.median(common))


def test_a_gap_of_a_window_less_one_row_ends_the_overlap_of_shuffled_windows():
    rows = np.stack([np.arange(100), np.arange(100) + 9], axis=1)
    parts = {"next": rows[50:], "gap 8": rows[58:], "gap 9": rows[59:]}
    table = instruments.overlapping_rows(rows[:50], parts)
    assert table["overlapping"].to_list() == pytest.approx([9 / 50, 1 / 42, 0])


@pytest.mark.parametrize("rows", [[[3, 2]], [1, 2], np.zeros((0, 2))])
def test_overlapping_rows_refuses(rows):
    with pytest.raises(ValueError, match="other"):
        instruments.overlapping_rows(np.array([[0, 1]]), {"other": np.array(rows)})


@pytest.mark.parametrize("scaler", [StandardScaler, MinMaxScaler])
def test_fitted_on_finds_the_data_that_a_scaler_has_seen(scaler):
    X = np.array([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0], [10.0, 9.0]])
    table = instruments.fitted_on(scaler().fit(X[:3]), {"train": X[:3], "all": X})
    assert (table.loc["train"] == 0).all()
    assert table.loc["all"].max() > 0.2


def test_fitted_on_measures_in_standard_deviations_of_the_candidate():
    scaler = StandardScaler().fit(np.array([[-1.0], [1.0]]))
    table = instruments.fitted_on(scaler, {"other": np.array([[4.0], [8.0]])})
    assert table.loc["other"].to_list() == [3, 0.5]  # means 0 and 6, stds 1 and 2


def test_fitted_on_takes_windows():
    X = RNG.normal(size=(5, 4, 3))
    table = instruments.fitted_on(StandardScaler().fit(X.reshape(-1, 3)), {"train": X})
    assert table.to_numpy() == pytest.approx(0, abs=1e-12)


def test_fitted_on_refuses():
    with pytest.raises(TypeError, match="RobustScaler"):
        instruments.fitted_on(RobustScaler(), {})
    with pytest.raises(ValueError, match="not fitted"):
        instruments.fitted_on(StandardScaler(), {})
    with pytest.raises(ValueError, match="shape"):
        instruments.fitted_on(StandardScaler().fit(np.zeros((2, 3))), {"other": np.zeros((2, 2))})
    with pytest.raises(ValueError, match="NaN"):
        instruments.fitted_on(StandardScaler().fit(np.zeros((2, 1))), {"other": np.full((2, 1), np.nan)})


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
