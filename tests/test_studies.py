"""What the lessons conclude from the longer studies that the course ships, asked of the tables themselves."""

import pandas as pd
import pytest

from helpers import data


# Lesson 21: the means over splits and seeds, and the comparisons split by split.


@pytest.fixture(scope="module")
def regularization() -> pd.DataFrame:
    return pd.read_csv(data.data_file("studies/regularization.csv"))


@pytest.fixture(scope="module")
def means(regularization) -> pd.DataFrame:
    return regularization.groupby("arm").mean(numeric_only=True)


@pytest.fixture(scope="module")
def by_split(regularization) -> pd.DataFrame:
    """(arm, split): means over the seeds."""
    return regularization.groupby(["arm", "split"]).mean(numeric_only=True)


def test_dropout_lowers_the_loss_on_every_split_and_something_is_left_after_softening(by_split):
    for column in ("test_loss_end", "test_loss_softened_end"):
        assert (by_split.loc["dropout 0.5", column] < by_split.loc["none", column]).all()


def test_l2_is_a_temperature_by_another_name_and_too_much_of_it_learns_nothing(means):
    assert means.loc["L2 0.01", "test_loss_end"] < means.loc["none", "test_loss_end"]
    assert means.loc["L2 0.01", "test_loss_softened_end"] > 0.97 * means.loc["none", "test_loss_softened_end"]
    assert means.loc["L2 0.1", "train_loss_end"] > 20 * means.loc["none", "train_loss_end"]


def test_early_stopping_gives_about_what_softening_gives(means):
    stopped, softened = (means.loc["none", column] for column in ("test_loss_best", "test_loss_softened_end"))
    assert max(stopped, softened) < 0.9 * means.loc["none", "test_loss_end"]
    assert abs(stopped - softened) < 0.1 * stopped


def test_no_regularizer_of_the_table_lifts_the_accuracy_by_much(means):
    same_windows = [arm for arm in means.index if not any(w in arm for w in ("people", "windows", "logistic", "batch"))]
    gain = means.loc[same_windows, "test_accuracy_end"] - means.loc["none", "test_accuracy_end"]
    assert gain.max() < 0.05


def test_the_strength_chosen_on_validation_beats_none_on_every_split(by_split):
    validation = by_split["validation_loss_end"].unstack("split")
    tried = [arm for arm in validation.index if not any(word in arm for word in ("people", "windows", "logistic"))]
    for split, arm in validation.loc[tried].idxmin().items():
        assert by_split.loc[(arm, split), "test_loss_end"] < by_split.loc[("none", split), "test_loss_end"]


def test_more_windows_of_the_same_people_buy_accuracy_and_hardly_any_loss(means):
    none, more = means.loc["none"], means.loc["none, 504 windows"]
    assert more["test_loss_end"] > 0.9 * none["test_loss_end"]
    assert more["test_accuracy_end"] > none["test_accuracy_end"] + 0.02
    networks = means.drop(index=[arm for arm in means.index if "logistic" in arm])
    assert networks["test_accuracy_end"].idxmax() == "dropout 0.5, 504 windows"


def test_as_many_windows_of_two_people_are_worse_on_four_of_five_splits(by_split):
    loss = by_split["test_loss_end"].unstack("split")
    for arm in ("none, 2 people", "dropout 0.5, 2 people"):
        assert (loss.loc[arm] > loss.loc["none"]).sum() == 4


def test_a_smaller_batch_hardly_matters_and_the_linear_model_is_best(means):
    loss = means["test_loss_end"]
    assert abs(loss["none, batch of 4"] - loss["none"]) < 0.05
    assert loss["logistic regression"] < loss.drop([arm for arm in loss.index if "logistic" in arm]).min()


def test_higher_rates_of_dropout_have_the_lower_loss_and_l2_adds_little(means):
    loss = means["test_loss_end"]
    assert max(loss["dropout 0.5"], loss["dropout 0.7"]) < loss["dropout 0.2"]
    assert loss["dropout 0.7"] - 0.03 < loss["dropout 0.5, L2 0.01"] < loss["dropout 0.5"]
