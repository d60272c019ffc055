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


def sequential(*stack, shape=(25, 6)):
    return keras.Sequential([keras.Input(shape), *stack])


def test_receptive_field_by_hand():
    model = sequential(
        layers.Conv1D(4, 5, strides=2, name="first"),
        layers.Dropout(0.1, name="dropout"),
        layers.Conv1D(4, 5, strides=2, name="second"),
        layers.LSTM(3, name="lstm"),
        layers.Dense(2, name="dense"),
    )
    table = instruments.receptive_field(model)
    assert table["sees"].to_dict() == {"first": 5, "dropout": 5, "second": 13, "lstm": 25, "dense": 25}
    assert table["steps out"].to_dict() == {"first": 11, "dropout": 11, "second": 4, "lstm": 1, "dense": 1}
    assert table["hop"].to_dict() == {"first": 2, "dropout": 2, "second": 4, "lstm": 0, "dense": 0}


def test_receptive_field_is_what_the_output_depends_on():
    model = sequential(
        layers.Conv1D(3, 3, dilation_rate=2), layers.MaxPooling1D(2), layers.Conv1D(3, 2), layers.AveragePooling1D(3, 1)
    )
    keras.utils.set_random_seed(0)
    base = np.zeros((1, 25, 6), "float32")
    start = np.asarray(model(base))[0, 0]
    moved = []
    for step in range(25):
        for sign in (1, -1):
            other = base.copy()
            other[0, step] = sign * rng.normal(size=6)
            if not np.allclose(start, np.asarray(model(other))[0, 0]):
                moved.append(step)
    assert max(moved) + 1 == instruments.receptive_field(model)["sees"].iloc[-1] == 12
    second = [step for step in range(25) if not np.allclose(*_second_step(model, step))]
    assert min(second) == instruments.receptive_field(model)["hop"].iloc[-1] == 2


def _second_step(model, step):
    base = np.zeros((1, 25, 6), "float32")
    other = base.copy()
    other[0, step] = 5 * np.arange(1, 7)
    return np.asarray(model(base))[0, 1], np.asarray(model(other))[0, 1]


def test_receptive_field_never_exceeds_the_sequence():
    table = instruments.receptive_field(sequential(layers.Conv1D(2, 9, padding="same"), shape=(4, 1)))
    assert table["sees"].tolist() == [4]
    assert table["steps out"].tolist() == [4]


def test_receptive_field_errors():
    with pytest.raises(ValueError, match="Sequential"):
        instruments.receptive_field(sequential(layers.LSTM(2), shape=(None, 3)))
    with pytest.raises(ValueError, match="Sequential"):
        instruments.receptive_field(sequential(layers.Dense(2), shape=(3,)))
    with pytest.raises(ValueError, match="UpSampling1D"):
        instruments.receptive_field(sequential(layers.UpSampling1D(2)))
