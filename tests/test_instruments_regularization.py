"""The instrument of lesson 21: how sure a classifier is of itself, and which answers its loss comes from."""

import math

import numpy as np
import pytest

from helpers import instruments


def test_class_confidence_of_known_probabilities():
    y = np.array([0, 1, 1, 2])
    p = np.array([[0.5, 0.25, 0.25], [0.2, 0.7, 0.1], [0.8, 0.1, 0.1], [0.0, 0.0, 1.0]])
    row = instruments.class_confidence(y, {"model": p}).loc["model"]
    assert row["accuracy"] == 0.75
    assert row["confidence"] == pytest.approx((0.5 + 0.7 + 0.8 + 1.0) / 4)
    assert row["sure if wrong"] == pytest.approx(0.8)
    assert row["from right"] == pytest.approx(-(math.log(0.5) + math.log(0.7)) / 4)
    assert row["from wrong"] == pytest.approx(-math.log(0.1) / 4)
    assert row["loss"] == pytest.approx(row["from right"] + row["from wrong"])


def test_class_confidence_has_a_row_per_set_of_predictions():
    table = instruments.class_confidence(np.array([0, 1]), {1: np.eye(2), 2: np.full((2, 2), 0.5)})
    assert table.index.to_list() == [1, 2]
    assert table.loc[1, "loss"] == 0
    assert np.isnan(table.loc[1, "sure if wrong"])
    assert table.loc[2, "loss"] == pytest.approx(math.log(2))


def test_a_class_given_no_chance_costs_a_finite_loss():
    table = instruments.class_confidence(np.array([1]), {"wrong": np.array([[1.0, 0.0]])})
    assert table.loc["wrong", "loss"] == pytest.approx(-math.log(1e-7))


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        (np.array([0.0, 1.0]), np.eye(2), "must hold integers"),
        (np.array([[0], [1]]), np.eye(2), "must hold integers"),
        (np.array([], int), np.empty((0, 2)), "must hold integers"),
        (np.array([0, 1]), np.eye(3), "for 2 labels"),
        (np.array([0, 1]), np.array([0.5, 0.5]), "for 2 labels"),
        (np.array([0, 2]), np.eye(2), "labels from 0 to 2"),
        (np.array([-1, 1]), np.eye(2), "labels from -1 to 1"),
        (np.array([0, 1]), np.array([[2.0, 1.0], [0.5, 0.5]]), "sum to 1"),
        (np.array([0, 1]), np.array([[1.5, -0.5], [0.5, 0.5]]), "sum to 1"),
        (np.array([0, 1]), np.array([[np.nan, 1.0], [0.5, 0.5]]), "without NaN"),
    ],
)
def test_class_confidence_refuses_what_it_cannot_score(y, p, message):
    with pytest.raises(ValueError, match=message):
        instruments.class_confidence(y, {"model": p})
