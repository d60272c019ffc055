"""What the lessons measure. Every instrument returns a small table and leaves the model it looks at as it was."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

GATES = ("input gate", "forget gate", "candidate", "output gate")


def feature_ranges(X: np.ndarray, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Minimum, maximum, mean, standard deviation and number of missing values of every feature.

    X: (..., features), such as (samples, timesteps, features); NaN counts as missing. In the unit of each feature.
    A standard deviation of 0 marks a feature that carries no information and must not be divided by it. Lesson 01.
    """
    X = np.asarray(X)
    if X.ndim < 2:
        raise ValueError(f"X must have shape (..., features), got {X.shape}")
    names = [f"feature {i}" for i in range(X.shape[-1])] if names is None else list(names)
    if len(names) != X.shape[-1]:
        raise ValueError(f"{len(names)} names for {X.shape[-1]} features")
    table = pd.DataFrame(X.reshape(-1, X.shape[-1]).astype("float64"), columns=names)
    summary = table.agg(["min", "max", "mean"]).T
    return summary.assign(std=table.std(ddof=0), missing=table.isna().sum())


def gate_saturation(
    model: keras.Model, X: np.ndarray, layer: str | None = None, share_of_slope: float = 0.05
) -> pd.DataFrame:
    """How much of an LSTM layer is saturated on the inputs X: a row per gate.

    A gate counts as saturated where the slope of its activation function has fallen below `share_of_slope` of its
    steepest slope (for a sigmoid: an output below 0.013 or above 0.987); there, hardly any gradient passes.
    Columns: `saturated`, the share of all samples, timesteps and units; `median |z|`, the median size of what goes into
    the activation function.

    model: built, with a graph of layers (Sequential or functional); X: (samples, timesteps, features), its inputs.
    layer: name of an LSTM, or of a Bidirectional layer around one (its forward half is measured); by default the first.
    Raises ValueError if there is no such layer or if X does not fit. Lesson 01.
    """
    chosen = _lstm_layer(model, layer)
    if tuple(X.shape[1:]) != tuple(model.input_shape[1:]):
        raise ValueError(f"X has shape {X.shape}, the model takes {model.input_shape}")
    lstm = getattr(chosen, "forward_layer", chosen)
    inputs = keras.Model(model.inputs, chosen.input)(tf.convert_to_tensor(X, "float32"), training=False)
    pre_activations = _pre_activations(lstm, inputs)
    rows = {}
    for gate, z in zip(GATES, pre_activations, strict=True):
        activation = lstm.activation if gate == "candidate" else lstm.recurrent_activation
        steepest = _slope(activation, np.linspace(-6, 6, 1201, dtype="float32")).max()
        saturated = (_slope(activation, z) < share_of_slope * steepest).mean()
        rows[gate] = {"saturated": saturated, "median |z|": np.median(np.abs(z))}
    return pd.DataFrame.from_dict(rows, orient="index")


def prediction_spread(target: np.ndarray, predictions: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """How far predictions spread, against how far the target spreads: a row for the target and for each prediction.

    target and predictions: (samples,) or (samples, 1), in the same unit. Columns: `min`, `max`, `std`, and
    `std / target's` - near 0 for a model that predicts the same value for everything. Lesson 01.
    """
    columns = {"target": _flat(target, "target")}
    columns |= {name: _flat(values, name, like=columns["target"]) for name, values in predictions.items()}
    table = pd.DataFrame(
        {name: [v.min(), v.max(), v.std()] for name, v in columns.items()}, index=["min", "max", "std"]
    ).T
    table["std / target's"] = table["std"] / table.loc["target", "std"]
    return table


def regression_errors(target: np.ndarray, predictions: Mapping[str, np.ndarray], mean: float) -> pd.DataFrame:
    """Errors of predictions beside those of always predicting `mean`, the mean of the *training* target.

    target and predictions: (samples,) or (samples, 1), all in the same unit; baselines such as persistence ("the same
    as now") go in as one more prediction. Columns: `RMSE` and `MAE` in that unit, and `MSE / mean's`: the squared error
    relative to predicting the mean; 1 is worth nothing, 0 is perfect. Lessons 00 and 01.
    """
    target = _flat(target, "target")
    rows = {"predict the mean": np.full_like(target, mean)}
    rows |= {name: _flat(values, name, like=target) for name, values in predictions.items()}
    table = pd.DataFrame(
        {name: [np.mean((v - target) ** 2), np.mean(np.abs(v - target))] for name, v in rows.items()},
        index=["MSE", "MAE"],
    ).T
    table.insert(0, "RMSE", np.sqrt(table["MSE"]))
    table["MSE / mean's"] = table["MSE"] / table.loc["predict the mean", "MSE"]
    return table.drop(columns="MSE")


def _flat(values: np.ndarray, name: str, like: np.ndarray | None = None) -> np.ndarray:
    """(samples,) in float64, after checks that keep a silent broadcast or NaN out of a score."""
    values = np.asarray(values, dtype="float64")
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] != 1):
        raise ValueError(f"{name} must have shape (samples,) or (samples, 1), got {values.shape}")
    values = values.ravel()
    if like is not None and values.shape != like.shape:
        raise ValueError(f"{name} has {len(values)} samples, the target has {len(like)}")
    if np.isnan(values).any():
        raise ValueError(f"{name} holds NaN in {np.isnan(values).sum()} of {len(values)} samples")
    return values


def _lstm_layer(model: keras.Model, name: str | None) -> keras.Layer:
    """The LSTM, or Bidirectional LSTM, of that name, or the first one."""
    found = {}
    for layer in model.layers:
        if isinstance(getattr(layer, "forward_layer", layer), keras.layers.LSTM):
            found[layer.name] = layer
    if not found:
        raise ValueError(f"the model {model.name!r} has no LSTM layer")
    if name is not None and name not in found:
        raise ValueError(f"no LSTM layer is called {name!r}; there are {list(found)}")
    return found[name] if name else next(iter(found.values()))


def _pre_activations(lstm: keras.layers.LSTM, inputs: tf.Tensor) -> list[np.ndarray]:
    """What goes into the four activation functions of an LSTM layer, each (samples, timesteps, units).

    Keras keeps these inside the layer, so the recurrence of Hochreiter and Schmidhuber (1997), with the forget gate of
    Gers et al. (2000), is run again here with the layer's weights.
    """
    kernel, recurrent = lstm.cell.kernel.numpy(), lstm.cell.recurrent_kernel.numpy()
    bias = lstm.cell.bias.numpy() if lstm.use_bias else np.zeros(kernel.shape[1], kernel.dtype)
    steps = np.asarray(inputs)[:, ::-1] if lstm.go_backwards else np.asarray(inputs)
    h = c = np.zeros((len(steps), lstm.units), kernel.dtype)
    collected = []
    for t in range(steps.shape[1]):
        z = steps[:, t] @ kernel + h @ recurrent + bias
        i, f, candidate, o = np.split(z, 4, axis=1)
        gate = [np.asarray(lstm.recurrent_activation(tf.constant(part))) for part in (i, f, o)]
        c = gate[1] * c + gate[0] * np.asarray(lstm.activation(tf.constant(candidate)))
        h = gate[2] * np.asarray(lstm.activation(tf.constant(c)))
        collected.append((i, f, candidate, o))
    return [np.stack(part, axis=1) for part in zip(*collected, strict=True)]


def _slope(activation, z: np.ndarray) -> np.ndarray:
    """Size of the derivative of an elementwise activation function at z."""
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        value = activation(z)
    return np.abs(tape.gradient(value, z).numpy())
