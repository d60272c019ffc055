"""The instruments of lessons 01, 06, 10 and 13: right on cases worked out by hand, no trace left in the model."""

import random

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from helpers import instruments

layers = keras.layers


def lstm_model(units=3, wrap=lambda layer: layer, **arguments):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((5, 2)), wrap(layers.LSTM(units, name="first", **arguments)), layers.Dense(1, name="out")]
    )
    model.compile(optimizer="adam", loss="mse", jit_compile=False)
    return model


def random_inputs(scale=1.0):
    return (scale * np.random.default_rng(0).normal(size=(40, 5, 2))).astype("float32")


def test_fill_report_says_where_the_fill_lies_and_what_spread_it_leaves():
    before = pd.DataFrame({"p": [1010.0, np.nan, 1020, np.nan], "whole": [1.0, 2, 3, 4], "empty": [np.nan] * 4})
    std = np.std([1010, 1020], ddof=1)
    zeros = instruments.fill_report(before, before.fillna(0.0))
    assert list(zeros.index) == ["p"]  # with gaps and with measured values
    assert zeros.loc["p"].tolist() == pytest.approx([0.5, -1015 / std, std / np.std([1010, 0, 1020, 0], ddof=1)])
    last = instruments.fill_report(before, before.ffill().assign(more=1.0)).loc["p"]
    assert last["filled at"] == pytest.approx(0)
    assert instruments.fill_report(before, before).loc["p"].isna()["filled at"]  # still missing


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ({"b": [1.0, 2.0, 3.0]}, r"lacks the columns \['a'\]"),
        ({"a": [1.0, 2.0]}, "same rows, got 3 and 2"),
        ({"a": [5.0, 2.0, 3.0]}, "'a': values that were measured have changed"),
    ],
)
def test_fill_report_names_tables_that_do_not_belong_together(after, message):
    with pytest.raises(ValueError, match=message):
        instruments.fill_report(pd.DataFrame({"a": [1.0, np.nan, 3.0]}), pd.DataFrame(after))


def test_touch_test_tells_which_axes_go_together():
    x = np.random.default_rng(0).normal(size=(5, 3, 8))
    before = x.copy()
    turned = instruments.touch_test(lambda a: a.transpose(0, 2, 1), x)
    assert turned.to_numpy().tolist() == [[1, 8, 3], [5, 8, 1], [5, 1, 3]]
    torn = instruments.touch_test(lambda a: a.reshape(5, 8, 3), x)
    assert torn.to_numpy().tolist() == [[1, 8, 3], [5, 4, 3], [5, 3, 3]]
    assert list(turned.columns) == ["axis 0 (5)", "axis 1 (8)", "axis 2 (3)"]
    assert turned.index[2] == "axis 2 of x (8)"
    assert np.array_equal(before, x)


def test_touch_test_sees_samples_that_mix():
    x = np.random.default_rng(0).normal(size=(6, 2))
    assert instruments.touch_test(lambda a: a - a.mean(axis=0), x).iloc[0, 0] == 6
    assert instruments.touch_test(lambda a: a - a.mean(axis=1, keepdims=True), x).iloc[0, 0] == 1
    assert instruments.touch_test(lambda a: np.zeros(4), x).to_numpy().tolist() == [[0], [0]]


def test_touch_test_measures_a_model_and_leaves_it_as_it_is():
    model = lstm_model()
    weights = model.get_weights()
    assert instruments.touch_test(model, random_inputs()).to_numpy().tolist() == [[1, 1], [40, 1], [40, 1]]
    assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("function", "x"), [(np.sum, [1.0, 2.0]), (np.negative, 1.0), (np.negative, [1.0, np.nan]), (np.log, [0.0, 1.0])]
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_touch_test_wants_axes_and_finite_numbers(function, x):
    with pytest.raises(ValueError, match="must be finite and have axes"):
        instruments.touch_test(function, np.array(x))


def test_saturation_grows_with_the_inputs():
    model = lstm_model()
    shares = [instruments.gate_saturation(model, random_inputs(s))["saturated"].mean() for s in (0.01, 3, 1000)]
    assert shares[0] == 0
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.95


def test_saturation_counts_as_its_definition_says():
    """One unit, weights 0: the biases alone decide. A sigmoid at 5 has 2.7 % of its steepest slope, at 4 it has 7 %."""
    model = lstm_model(units=1)
    bias = np.array([5.0, 4.0, 3.0, -5.0], "float32")
    model.get_layer("first").set_weights([np.zeros((2, 4)), np.zeros((1, 4)), bias])
    table = instruments.gate_saturation(model, random_inputs())
    assert list(table.index) == ["input gate", "forget gate", "candidate", "output gate"]
    assert table["saturated"].tolist() == [1, 0, 1, 1]
    assert table["median |z|"].tolist() == [5, 4, 3, 5]


@pytest.mark.parametrize("arguments", [{}, {"use_bias": False}, {"go_backwards": True}, {"activation": "relu"}])
def test_the_recurrence_is_that_of_keras(arguments):
    """The last output of the layer follows from the last pre-activations only if all steps before were right."""
    model = lstm_model(return_sequences=True, **arguments)
    layer, X = model.get_layer("first"), random_inputs()
    i, f, candidate, o = instruments._pre_activations(layer, tf.constant(X))
    sigmoid, activation = (lambda z: 1 / (1 + np.exp(-z))), (lambda z: np.asarray(layer.activation(tf.constant(z))))
    c = np.zeros_like(i[:, 0])
    for t in range(5):
        c = sigmoid(f[:, t]) * c + sigmoid(i[:, t]) * activation(candidate[:, t])
        h = sigmoid(o[:, t]) * activation(c)
        np.testing.assert_allclose(h, np.asarray(layer(X))[:, t], atol=1e-5)


def test_second_and_bidirectional_layers_can_be_measured():
    stacked = keras.Sequential(
        [keras.Input((5, 2)), layers.LSTM(3, return_sequences=True), layers.LSTM(4, name="second"), layers.Dense(1)]
    )
    assert instruments.gate_saturation(stacked, random_inputs(), "second").shape == (4, 2)
    both_ways = lstm_model(wrap=layers.Bidirectional)
    assert instruments.gate_saturation(both_ways, random_inputs(1000))["saturated"].mean() > 0.95
    with pytest.raises(ValueError, match="no LSTM layer is called 'third'"):
        instruments.gate_saturation(stacked, random_inputs(), "third")
    with pytest.raises(ValueError, match=r"X has shape \(40, 5, 1\), the model takes"):
        instruments.gate_saturation(stacked, random_inputs()[:, :, :1])
    any_length = keras.Sequential([keras.Input((None, 2)), layers.LSTM(3)])
    assert instruments.gate_saturation(any_length, random_inputs()).shape == (4, 2)
    with pytest.raises(ValueError, match="has no LSTM layer"):
        instruments.gate_saturation(keras.Sequential([keras.Input((5, 2)), layers.Flatten()]), random_inputs())


def test_measuring_changes_neither_model_nor_random_state():
    model = lstm_model(dropout=0.2)
    model.fit(random_inputs(), random_inputs()[:, 0, :1], epochs=2, verbose=0)

    def state():
        variables = [v.numpy().copy() for v in (*model.variables, *model.optimizer.variables)]
        return (
            variables,
            random.getstate(),
            np.random.get_state()[1].tolist(),
            tf.random.get_global_generator().state.numpy(),
        )

    before = state()
    instruments.gate_saturation(model, random_inputs())
    after = state()
    for old, new in zip(before[0], after[0], strict=True):
        np.testing.assert_array_equal(old, new)
    assert before[1:3] == after[1:3]
    np.testing.assert_array_equal(before[3], after[3])


def test_layer_ranges_gives_the_limits_of_each_activation_and_what_was_said():
    ends = ["tanh", "sigmoid", "relu", "softmax", "linear", "leaky_relu"]
    model = keras.Sequential([keras.Input((5, 2)), layers.LSTM(3)])
    for end in ends:
        model.add(layers.Dense(2, activation=end, name=end))
    model.add(layers.Dense(1, name="plain"))
    model.add(layers.ReLU(name="bare"))
    weights = model.get_weights()
    table = instruments.layer_ranges(model, random_inputs())
    assert table.index[1:].tolist() == [*ends, "plain", "bare"]
    limits = table[["lower limit", "upper limit"]].to_numpy().round(4).tolist()
    wide = [-np.inf, np.inf]
    assert limits == [[-1, 1], [-1, 1], [0, 1], [0, np.inf], [0, 1], wide, wide, wide, [0, np.inf]]
    assert (table["lowest"] >= table["lower limit"]).all()
    assert (table["highest"] <= table["upper limit"]).all()
    assert all(np.array_equal(old, new) for old, new in zip(weights, model.get_weights(), strict=True))


def test_layer_ranges_counts_outputs_at_a_limit_and_units_that_are_stuck_there():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, activation="relu"), layers.Dense(1)])
    model.layers[0].set_weights([np.array([[1.0, -1, -1], [0, 0, 0]]), np.array([0.0, 0, -9])])
    table = instruments.layer_ranges(model, np.array([[1.0, 0], [2, 0], [-4, 0]]))
    assert table.loc[model.layers[0].name].tolist() == pytest.approx([0, 0, 4, np.inf, 6 / 9, 1 / 3])
    assert table.loc[model.layers[1].name, "at a limit"] == 0


@pytest.mark.parametrize("X", [np.zeros((0, 2)), np.array([[1.0, np.nan]]), np.array([[np.inf, 0]])])
def test_layer_ranges_refuses_inputs_that_say_nothing(X):
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="at least one sample"):
        instruments.layer_ranges(model, X)
