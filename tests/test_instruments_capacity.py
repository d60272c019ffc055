import keras
import numpy as np
import pytest
from keras import layers

from helpers import instruments

rng = np.random.default_rng(0)
x = rng.normal(size=(16, 5, 2)).astype("float32")
y = np.arange(16) % 4


def classifier(units, optimizer=None):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((5, 2)), layers.Flatten(), layers.Dense(units, "relu"), layers.Dense(4, "softmax")]
    )
    model.compile(optimizer=optimizer or keras.optimizers.Adam(0.02), loss="sparse_categorical_crossentropy")
    return model


def test_one_batch_tells_a_network_with_room_from_a_bottleneck():
    wide, narrow = (instruments.one_batch_test(classifier(units), x, y, steps=200) for units in (64, 1))
    assert list(wide.index) == ["before", "after 200 steps"]
    assert wide["accuracy"].iloc[-1] == 1
    assert wide["loss"].iloc[-1] < 0.1
    assert narrow["accuracy"].iloc[-1] < 0.9
    assert narrow["loss"].iloc[-1] > 0.3


def test_one_batch_starts_at_ln_k_and_leaves_the_model_as_it_was():
    model = classifier(8)
    model.layers[-1].kernel.assign(np.zeros((8, 4)))
    before, learning_rate = model.get_weights(), model.optimizer.learning_rate.numpy()
    table = instruments.one_batch_test(model, x, y, steps=5)
    assert table.loc["before", "loss"] == pytest.approx(np.log(4), abs=1e-5)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.optimizer.iterations.numpy() == 0
    assert model.optimizer.learning_rate.numpy() == learning_rate


def test_one_batch_of_a_regression_has_no_accuracy_and_uses_the_learning_rate_of_the_model():
    model = keras.Sequential([keras.Input((5, 2)), layers.Flatten(), layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    table = instruments.one_batch_test(model, x, rng.normal(size=(16, 1)), steps=3)
    assert list(table.columns) == ["loss"]
    assert table["loss"].iloc[0] == pytest.approx(table["loss"].iloc[1])


def test_one_batch_of_a_binary_classifier():
    model = keras.Sequential([keras.Input((5, 2)), layers.Flatten(), layers.Dense(1, "sigmoid")])
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.layers[-1].kernel.assign(np.zeros((10, 1)))
    table = instruments.one_batch_test(model, x, np.repeat([0, 1], [12, 4]), steps=1)
    assert table.loc["before", "accuracy"] == pytest.approx(0.75)
    assert table.loc["before", "loss"] == pytest.approx(np.log(2), abs=1e-5)


def test_one_batch_of_one_hot_integers():
    """The same rows as with labels, and the same loss."""
    model = classifier(8)
    labels = instruments.one_batch_test(model, x, y, steps=2)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="categorical_crossentropy")
    one_hot = instruments.one_batch_test(model, x, np.eye(4, dtype=int)[y], steps=2)
    np.testing.assert_allclose(one_hot, labels, rtol=1e-4)


def test_one_batch_starts_from_the_loss_of_the_model_even_if_that_normalizes():
    """One Normalization in the model, one in a model inside: copied weights alone would leave them at 0 and 1."""
    shifted, inner = 50 + 10 * x, layers.Normalization()
    inner.adapt(shifted)
    outer = layers.Normalization()
    outer.adapt(x)
    inside = keras.Sequential([keras.Input((5, 2)), inner])
    model = keras.Sequential([keras.Input((5, 2)), inside, outer, layers.Flatten(), layers.Dense(4, "softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    table = instruments.one_batch_test(model, shifted, y, steps=1)
    assert table.loc["before", "loss"] == pytest.approx(model.evaluate(shifted, y, verbose=0), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": y[:-1]}, "same number"),
        ({"x": x[:0], "y": y[:0]}, "same number"),
        ({"x": np.where(np.arange(2) == 0, np.nan, x)}, "x holds NaN"),
        ({"y": np.zeros(16, int)}, "the same"),
        ({"steps": 0}, "1 or more"),
    ],
)
def test_one_batch_errors(change, message):
    with pytest.raises(ValueError, match=message):
        instruments.one_batch_test(classifier(4), **{"x": x, "y": y, **change})


def test_one_batch_wants_a_compiled_model():
    with pytest.raises(ValueError, match="compile"):
        instruments.one_batch_test(keras.Sequential([keras.Input((5, 2)), layers.Flatten(), layers.Dense(4)]), x, y)
