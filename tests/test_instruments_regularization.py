"""The instruments of lesson 21: where a validation loss turns, and how sure a classifier is of itself."""

import math

import numpy as np
import pandas as pd
import pytest

from helpers import instruments


def test_turning_point_of_a_list():
    table = instruments.turning_point({"run": [2.0, 0.5, 0.8, 1.0]})
    assert table.loc["run"].to_dict() == {"best epoch": 2, "best": 0.5, "last": 1.0, "last / best": 2.0}


def test_turning_point_counts_by_the_index_of_a_series():
    table = instruments.turning_point({0: pd.Series([3.0, 2.0, 1.0], index=[0, 1, 2])})
    assert table.loc[0, "best epoch"] == 2
    assert table.loc[0, "last / best"] == 1


def test_turning_point_takes_a_table_and_skips_the_epochs_that_were_saved():
    losses = pd.DataFrame({"full": [2.0, 1.0, 4.0], "stopped": [2.0, 1.0, np.nan]}, index=[1, 2, 3])
    table = instruments.turning_point(losses)
    assert table["last"].to_list() == [4.0, 1.0]
    assert table["last / best"].to_list() == [4.0, 1.0]


@pytest.mark.parametrize("losses", [[], [np.nan], [1.0, np.inf], [1.0, 0.0]])
def test_turning_point_refuses_losses_without_a_ratio(losses):
    with pytest.raises(ValueError, match="losses of 'run' must be finite"):
        instruments.turning_point({"run": losses})


def test_class_confidence_of_known_probabilities():
    y = np.array([0, 1, 1, 2])
    p = np.array([[0.5, 0.25, 0.25], [0.2, 0.7, 0.1], [0.8, 0.1, 0.1], [0.0, 0.0, 1.0]])
    row = instruments.class_confidence(y, {"model": p}).loc["model"]
    assert row["accuracy"] == 0.75
    assert row["confidence"] == pytest.approx((0.5 + 0.7 + 0.8 + 1.0) / 4)
    assert row["loss where right"] == pytest.approx(-(math.log(0.5) + math.log(0.7)) / 3)
    assert row["loss where wrong"] == pytest.approx(-math.log(0.1))
    assert row["loss"] == pytest.approx(0.75 * row["loss where right"] + 0.25 * row["loss where wrong"])


def test_class_confidence_begins_with_knowing_nothing():
    table = instruments.class_confidence(np.array([0, 1]), {"sure": np.eye(2)})
    assert table.index.to_list() == ["knows nothing", "sure"]
    assert table.loc["knows nothing", "loss"] == pytest.approx(math.log(2))
    assert table.loc["sure", "loss"] == 0
    assert np.isnan(table.loc["sure", "loss where wrong"])


def test_a_class_given_no_chance_costs_a_finite_loss():
    table = instruments.class_confidence(np.array([1]), {"wrong": np.array([[1.0, 0.0]])})
    assert table.loc["wrong", "loss"] == pytest.approx(-math.log(1e-7))


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        (np.array([0.0, 1.0]), np.eye(2), "must hold integers"),
        (np.array([[0], [1]]), np.eye(2), "must hold integers"),
        (np.array([], int), np.empty((0, 2)), "must hold integers"),
        (np.array([0, 1]), np.eye(3), "must have shape"),
        (np.array([0, 1]), np.array([0.5, 0.5]), "must have shape"),
        (np.array([0, 2]), np.eye(2), "has the classes 0 to 2"),
        (np.array([-1, 1]), np.eye(2), "has the classes -1 to 1"),
        (np.array([0, 1]), np.array([[2.0, 1.0], [0.5, 0.5]]), "sum to 1"),
        (np.array([0, 1]), np.array([[1.5, -0.5], [0.5, 0.5]]), "sum to 1"),
        (np.array([0, 1]), np.array([[np.nan, 1.0], [0.5, 0.5]]), "without NaN"),
    ],
)
def test_class_confidence_refuses_what_it_cannot_score(y, p, message):
    with pytest.raises(ValueError, match=message):
        instruments.class_confidence(y, {"model": p})
