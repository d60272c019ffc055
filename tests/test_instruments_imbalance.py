"""The instruments of lesson 05, and the loader of its data, on cases with known answers."""

import numpy as np
import pytest

from helpers import data
from helpers.instruments import class_balance, detection_scores, reliability

Y = np.array([0, 0, 0, 0, 0, 0, 1, 1])
P = np.array([0.1, 0.1, 0.2, 0.2, 0.3, 0.6, 0.4, 0.9])


def test_class_balance():
    table = class_balance(Y)
    assert table.index.tolist() == [0, 1]
    assert table["count"].tolist() == [6, 2]
    assert table["share"].tolist() == [0.75, 0.25]
    assert np.allclose(table["balanced weight"], [8 / 12, 8 / 4])
    assert np.allclose(table["count"] * table["balanced weight"], 4)  # every class weighs the same


def test_class_balance_takes_columns_and_more_than_two_classes():
    assert class_balance(np.array([[2], [5], [5], [9]]))["count"].to_dict() == {2: 1, 5: 2, 9: 1}


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(4), "only the class 0"),
        (np.eye(3), r"y must have shape \(samples,\)"),
        (np.array([0, 1, np.nan]), "NaN in 1 of 3"),
        (np.array([0, 0.5, 1]), "whole numbers"),
    ],
)
def test_class_balance_errors(y, message):
    with pytest.raises(ValueError, match=message):
        class_balance(y)


def test_detection_scores():
    table = detection_scores(Y, {"net": P, "column": P[:, None]})
    assert table.loc["never an alarm", ["found", "missed", "false alarms", "rest"]].tolist() == [0, 2, 0, 6]
    assert table.loc["never an alarm", "accuracy"] == 0.75
    assert np.isnan(table.loc["never an alarm", "precision"])
    assert table.loc["never an alarm", "average precision"] == 0.25
    assert table.loc["net", ["found", "missed", "false alarms", "rest"]].tolist() == [1, 1, 1, 5]
    assert table.loc["net", ["accuracy", "recall", "precision"]].tolist() == [0.75, 0.5, 0.5]
    # ranked: 0.9 sought, 0.6 not, 0.4 sought -> half of precision 1 and half of precision 2/3
    assert np.isclose(table.loc["net", "average precision"], (1 + 2 / 3) / 2)
    assert table.loc["net"].equals(table.loc["column"].rename("net"))


def test_detection_scores_at_other_thresholds():
    assert detection_scores(Y, {"net": P}, threshold=0.35).loc["net", "found"] == 2
    table = detection_scores(Y, {"a": P, "b": P}, threshold={"a": 0.35, "b": 0.95})
    assert table["found"].tolist() == [0, 2, 0]
    assert table["found"].dtype.kind == "i"


@pytest.mark.parametrize(
    ("y", "p", "threshold", "message"),
    [
        (np.zeros(8), P, 0.5, "only the class 0"),
        (Y * 2, P, 0.5, "must hold 0 and 1"),
        (Y, P[:4], 0.5, "4 samples"),
        (Y, np.where(P > 0.8, np.nan, P), 0.5, "NaN in 1 of 8"),
        (Y, P * 2, 0.5, "between 0 and 1"),
        (Y, np.stack([1 - P, P], axis=1), 0.5, "must have shape"),
        (Y, P, {"other": 0.5}, r"no threshold for \['net'\]"),
    ],
)
def test_detection_scores_errors(y, p, threshold, message):
    with pytest.raises(ValueError, match=message):
        detection_scores(y, {"net": p}, threshold)


def test_reliability():
    table = reliability(Y, P, bins=2)
    assert table["count"].tolist() == [4, 4]
    assert np.allclose(table["predicted"], [0.15, 0.55])
    assert np.allclose(table["observed"], [0, 0.5])


def test_reliability_of_a_calibrated_model():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=20_000)
    table = reliability(rng.uniform(size=20_000) < p, p, bins=10)
    assert np.allclose(table["predicted"], table["observed"], atol=0.05)
    assert table["predicted"].is_monotonic_increasing


@pytest.mark.parametrize(
    ("y", "p", "bins", "message"),
    [
        (np.ones(8), P, 2, "only the class 1"),
        (Y, P, 0, "bins must lie between"),
        (Y, P, 9, "bins must lie between"),
        (Y, -P, 2, "between 0 and 1"),
        (Y, P[None], 2, "must have shape"),
    ],
)
def test_reliability_errors(y, p, bins, message):
    with pytest.raises(ValueError, match=message):
        reliability(y, p, bins)


def test_ecg_beats():
    beats = data.load_ecg_beats()
    assert beats.X.shape == (2278, 160)
    assert beats.X.dtype == np.float32
    assert np.bincount(beats.y).tolist() == [2164, 114]
    assert -1.8 < beats.X.min() < -1.5  # millivolts
    assert 1.5 < beats.X.max() < 1.8
    steps = np.diff(beats.seconds)
    assert steps.min() * 250 == pytest.approx(89)
    assert beats.seconds[-1] - beats.seconds[0] < 1800
    blocks = ((beats.seconds - beats.seconds[0]) // 300).astype(int)
    assert (np.bincount(blocks, weights=beats.y) > 0).all()
