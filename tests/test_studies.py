"""What the lessons conclude from the longer studies that the course ships, asked of the tables themselves."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

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


# Lesson 11: medians over ten runs, and in how many of the ten one network's training loss is below another's.

EQUAL = ["LSTM(27)", "2 x LSTM(16)", "3 x LSTM(13)", "Conv, Conv, LSTM(16)"]


@pytest.fixture(scope="module")
def shallow() -> pd.DataFrame:
    return pd.read_csv(data.data_file("studies/shallow_network.csv"))


@pytest.fixture(scope="module")
def losses(shallow) -> pd.DataFrame:
    runs = ["learning_rate", "epoch", "validation_people", "seed"]
    return shallow.pivot(index=runs, columns="network", values="loss")


def lower(losses, first, second) -> pd.Series:
    """(learning rate, epoch): in how many of ten runs the first network's loss is below the second's."""
    return (losses[first] < losses[second]).groupby(level=["learning_rate", "epoch"]).sum()


def test_with_each_step_in_units_the_training_data_fit_better_and_small_networks_gain_from_time(shallow):
    higher = shallow.query("learning_rate == 0.01")
    accuracy = higher.pivot_table("accuracy", "epoch", "network", "median")
    late, early = (accuracy.loc[epoch, [f"LSTM({n})" for n in (2, 4, 8, 16, 27)]] for epoch in (60, 20))
    assert late.is_monotonic_increasing
    assert late["LSTM(4)"] > early["LSTM(4)"] + 0.05
    assert late["LSTM(2)"] < late["LSTM(16)"] - 0.3


def test_each_network_ends_lower_at_the_higher_rate(losses):
    rates = losses.groupby(level=["epoch", "learning_rate"]).median().loc[60]
    assert (rates.loc[0.01] < rates.loc[0.003]).all()


def test_a_second_layer_of_the_same_width_fits_better_and_so_does_a_wider_one(losses):
    for larger in ("2 x LSTM(16)", "LSTM(27)"):
        assert lower(losses, larger, "LSTM(16)").min() >= 7


def test_at_equal_weights_two_layers_lead_at_one_moment_and_three_at_none(shallow, losses):
    weights = shallow.groupby("network")["weights"].first()[EQUAL]
    assert (weights.min(), weights.max()) == (3703, 4023)
    two = lower(losses, "2 x LSTM(16)", "LSTM(27)")
    assert two[0.003, 20] >= 8
    assert two.drop((0.003, 20)).max() <= 5
    assert lower(losses, "3 x LSTM(13)", "LSTM(27)").max() <= 1


def test_at_equal_weights_convolutions_lead_at_the_lower_rate_and_hardly_at_the_higher(losses):
    wins = lower(losses, "Conv, Conv, LSTM(16)", "LSTM(27)")
    assert wins[0.003].min() >= 9
    assert wins[0.01].between(5, 7).all()


def test_on_held_out_people_no_network_of_the_table_is_above_the_linear_rule(shallow):
    watch = data.load_watch_exercises()
    rule = []
    for pair in shallow["validation_people"].unique():
        a, b = map(int, pair.split(" and "))
        train, held_out, _ = data.split_by_group(watch.subject, [a, b], [b % 10 + 1, (b + 1) % 10 + 1])
        x = (watch.X - watch.X[train].mean(axis=(0, 1))) / watch.X[train].std(axis=(0, 1))
        x = np.hstack([x[:, ::3].mean(axis=1), x[:, ::3].std(axis=1)])
        fitted = LogisticRegression(max_iter=1000).fit(x[train], watch.y[train])
        rule.append(fitted.score(x[held_out], watch.y[held_out]))
    networks = shallow.query("learning_rate == 0.01").pivot_table("val_accuracy", "epoch", "network")
    assert networks.to_numpy().max() < np.mean(rule)


def test_sixteen_units_grow_more_certain_of_their_mistakes(shallow):
    sixteen = shallow.query("network == 'LSTM(16)' and learning_rate == 0.01")
    sixteen = sixteen.groupby("epoch")[["val_loss", "val_accuracy"]].median()
    assert sixteen["val_loss"][60] > 1.2 * sixteen["val_loss"][20]
    assert sixteen["val_accuracy"][60] > sixteen["val_accuracy"][20] - 0.02


# Lesson 13: an LSTM with relu inside, by the number of time steps.


@pytest.fixture(scope="module")
def activations() -> pd.DataFrame:
    return pd.read_csv(data.data_file("studies/wrong_activations.csv"))


def test_with_relu_inside_the_loss_jumps_more_often_the_longer_the_sequence_and_never_with_tanh(activations):
    activations = activations.assign(jumps=activations["highest_loss"] > activations["first_loss"])
    jumps = activations.pivot_table("jumps", "arm", "steps", "sum")
    assert (jumps.loc["tanh"] == 0).all()
    assert (jumps[13] == 0).all()
    assert jumps.loc["relu", 75] == 9
    assert jumps.loc["relu, clipped", 75] == 10
    assert (jumps.diff(axis="columns").iloc[:, 1:] >= 0).all(axis=None)


def test_the_jumps_at_75_steps_go_far_and_further_with_clipped_gradients(activations):
    highest = activations.query("steps == 75").groupby("arm")["highest_loss"].max()
    assert highest["relu"] > 1e5
    assert highest["relu, clipped"] > 1e6


def test_relu_inside_is_a_little_less_accurate_at_13_steps_and_far_less_at_75(activations):
    accuracy = activations.pivot_table("accuracy", "arm", "steps", "median")
    for arm in ("relu", "relu, clipped"):
        assert 0 < accuracy.loc["tanh", 13] - accuracy.loc[arm, 13] < 0.1
        assert accuracy.loc["tanh", 75] - accuracy.loc[arm, 75] > 0.2


def test_only_tanh_keeps_the_outputs_within_one(activations):
    largest = activations.groupby("arm")["largest_output"]
    assert largest.max()["tanh"] <= 1
    assert largest.min()[["relu", "relu, clipped"]].min() > 1


# Lesson 14: medians over five seeds, by first weights.


@pytest.fixture(scope="module")
def weights() -> pd.DataFrame:
    return pd.read_csv(data.data_file("studies/first_weights.csv"))


@pytest.fixture(scope="module")
def eight(weights) -> pd.DataFrame:
    """(epoch, optimizer, learning rate): the median training accuracy in eight layers, a column per first weights."""
    rows = weights.query("depth == 8 and not batch_norm")
    return rows.pivot_table("accuracy", ["epoch", "optimizer", "learning_rate"], "first_weights", "median")


def test_two_layers_forgive_what_eight_do_not(weights):
    two = weights.query("depth == 2 and epoch == 20")
    assert two["accuracy"].min() > 0.9
    still = weights.query("depth == 8 and not batch_norm and first_weights == 'random_normal' and optimizer == 'SGD'")
    assert len(still) == 40
    assert still["accuracy"].max() < 0.15


def test_adam_gets_out_late_at_every_rate_and_catches_up_at_the_higher_ones(eight):
    adam = eight.xs("Adam", level="optimizer")
    for good in ("he_normal", "glorot_uniform"):
        assert (adam.loc[20, good] > adam.loc[20, "random_normal"] + 0.1).all()
    late = adam.loc[60, "random_normal"]
    assert late[late.index >= 0.003].min() > 0.99
    assert late[late.index < 0.003].max() < 0.97


def test_weights_that_are_too_large_give_nan_with_sgd_and_poor_answers_to_new_images_with_adam(weights):
    large = weights.query("first_weights == 'stddev 1' and depth == 8 and not batch_norm")
    assert large.query("optimizer == 'SGD'")["loss"].isna().all()
    adam = large.query("optimizer == 'Adam' and epoch == 60")
    assert adam["val_accuracy"].max() < 0.8
    assert (adam.groupby("learning_rate")["accuracy"].median() > 0.75).all()


def test_keras_default_learns_in_eight_relu_layers_and_more_slowly_than_he(eight):
    sgd = eight.xs(("SGD", 0.05), level=("optimizer", "learning_rate"))
    assert sgd.loc[60, "glorot_uniform"] > 0.99
    assert sgd.loc[20, "glorot_uniform"] < sgd.loc[20, "he_normal"] - 0.1


def test_in_sixteen_layers_he_leads_with_relu_and_with_tanh_both_learn(weights):
    deep = weights.query("depth == 16 and epoch == 60")
    table = deep.pivot_table("accuracy", "learning_rate", ["activation", "first_weights"], "median")
    assert (table["relu", "he_normal"] > table["relu", "glorot_uniform"] + 0.1).all()
    assert table["tanh"].min(axis=None) > 0.85
    new = deep.query("activation == 'tanh'").pivot_table("val_accuracy", "learning_rate", "first_weights", "median")
    behind = new["glorot_uniform"] - new["he_normal"]
    assert behind[0.005] < 0
    assert behind[behind.index > 0.005].between(0.015, 0.035).all()


def test_batch_norm_mends_training_at_once_new_images_late_and_weights_that_are_too_large_in_part(weights):
    norm = weights.query("batch_norm").groupby(["first_weights", "epoch"])[["accuracy", "val_accuracy"]].median()
    assert norm.loc[("random_normal", 20), "accuracy"] > 0.99
    assert norm.loc[("random_normal", 20), "val_accuracy"] < 0.15
    assert norm.loc[("random_normal", 60), "val_accuracy"] > 0.94
    assert norm.loc[("stddev 1", 60), "val_accuracy"] < 0.75


# Lesson 15: test accuracy of five seeds, by network and distance. More than 0.6 is: it names the cue.


@pytest.fixture(scope="module")
def networks() -> pd.DataFrame:
    study = pd.read_csv(data.data_file("studies/long_range_dependencies.csv"))
    return study.assign(names=study["test_accuracy"] > 0.6)


def test_the_answer_after_the_last_step_loses_a_cue_within_ten_steps(networks):
    short = networks[networks["training"] == "10 epochs"]
    by_distance = short.pivot_table("test_accuracy", "distance", "network", "median").dropna(axis=1)
    last = by_distance["last step"]
    assert last[0] > 0.9
    assert last[5] < 0.75
    assert last[10] < 0.5
    assert (abs(last[[25, 49]] - 1 / 3) < 0.05).all()
    assert (by_distance["maximum of all steps"] > 0.85).all()
    both_ways = by_distance["bidirectional"]
    assert (both_ways[[0, 49]] > 0.9).all()
    assert (both_ways[[10, 25]] < 0.5).all()


def test_only_three_of_the_mends_name_the_far_cue_with_every_seed(networks):
    far = networks[(networks["distance"] == 49) & (networks["training"] == "10 epochs")]
    seeds = far.groupby("network")["names"].sum()
    assert set(seeds[seeds == 5].index) == {"bidirectional", "maximum of all steps", "dilated convolutions"}
    assert seeds["attention"] == 2
    assert seeds["chrono bias"] == 1
    assert seeds[seeds == 0].index.tolist() == [
        "GRU", "every fifth step", "forget bias", "last step", "last step, 64 units", "mean of all steps", "two layers"
    ]  # fmt: skip


def test_a_larger_forget_bias_mends_the_gradient_and_not_the_accuracy(networks):
    gradient = networks[networks["distance"] == 49].groupby("network")["gradient_at_cue"].median()
    assert gradient["forget bias"] > 1000 * gradient["last step"]


def test_a_hundred_epochs_and_ten_times_the_data_do_not_mend_the_last_step(networks):
    more = networks[networks["training"] != "10 epochs"].groupby(["network", "training"])
    assert more["names"].sum().to_dict() == {
        ("GRU", "100 epochs"): 0,
        ("last step", "10 times the data"): 0,
        ("last step", "100 epochs"): 0,
        ("two layers", "100 epochs"): 2,
    }
    assert more["accuracy"].median()["last step", "100 epochs"] > 0.8  # a good part of it by heart
