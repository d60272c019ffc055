import keras
import numpy as np
import pytest
from keras import layers

from helpers import instruments

rng = np.random.default_rng(0)
x = rng.normal(size=(50, 100)).astype("float32")
y = np.arange(50) % 4


def stack(*hidden):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((100,)), *hidden, layers.Dense(4, activation="softmax", name="output")])
    model.compile(loss="sparse_categorical_crossentropy")
    return model


def test_sizes_of_a_linear_layer_are_those_computed_by_hand():
    model = stack(layers.Dense(30, name="hidden"))
    hidden, output = model.layers
    table = instruments.layer_sizes(model, x, y)
    assert list(table.index) == ["hidden", "output"]
    assert list(table.columns) == ["outputs", "weights", "gradient"]
    signal = x @ hidden.kernel.numpy()
    probabilities = np.asarray(model(x))
    back = (probabilities - np.eye(4)[y]) / len(x)  # gradient of the mean loss with respect to the softmax' inputs
    by_hand = {
        ("hidden", "outputs"): signal,
        ("hidden", "weights"): hidden.kernel.numpy(),
        ("hidden", "gradient"): x.T @ back @ output.kernel.numpy().T,
        ("output", "outputs"): probabilities,
        ("output", "gradient"): signal.T @ back,
    }
    for place, values in by_hand.items():
        assert table.loc[place] == pytest.approx(np.sqrt(np.mean(values**2)), rel=1e-4)


def test_a_factor_below_one_is_taken_to_the_power_of_the_depth_and_the_gradients_are_alike():
    draw = {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.05)}
    table = instruments.layer_sizes(stack(*(layers.Dense(100, "relu", **draw) for _ in range(6))), x, y).iloc[:6]
    factors = table["outputs"].to_numpy()[1:] / table["outputs"].to_numpy()[:-1]
    assert factors == pytest.approx(np.sqrt(100 * 0.05**2 / 2), rel=0.4)
    assert table["gradient"].max() < 10 * table["gradient"].min()


def test_batch_normalization_and_dropout_work_as_in_training_and_the_model_stays_as_it_is():
    model = stack(layers.Dense(20), layers.BatchNormalization(name="norm"), layers.Dropout(0.5), layers.Dense(5))
    before = model.get_weights()
    table = instruments.layer_sizes(model, 10 * x, y)
    assert table.loc["norm", "outputs"] == pytest.approx(1, abs=0.01)
    assert len(table) == 4  # dropout has no weights
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_other_kinds_of_layers_regression_and_frozen_layers():
    frozen = layers.Dense(5, trainable=False, name="frozen")
    model = keras.Sequential(
        [keras.Input((12,)), layers.Embedding(7, 3, name="words"), layers.LSTM(4, name="lstm"), frozen, layers.Dense(1)]
    )
    model.compile(loss="mse")
    table = instruments.layer_sizes(model, rng.integers(7, size=(20, 12)), rng.normal(size=20))
    assert list(table.index)[:2] == ["words", "lstm"]
    assert "frozen" not in table.index
    assert (table > 0).all(axis=None)


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="as many x as y; got 50 and 49"):
        instruments.layer_sizes(stack(layers.Dense(3)), x, y[:49])
    with pytest.raises(ValueError, match="compiled model"):
        instruments.layer_sizes(keras.Sequential([keras.Input((100,)), layers.Dense(4)]), x, y)
