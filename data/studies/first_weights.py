"""The longer study of lesson 14, shipped as data/studies/first_weights.csv. Takes a few minutes on two cores.

    uv run python data/studies/first_weights.py

Stacks of 64 units a layer on the digits of lesson 14, from several first weights, with SGD and Adam at several learning
rates, with and without batch normalization, for five seeds and 60 epochs each.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import pandas as pd
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from helpers import data, experiment

TARGET = data.DATA / "studies/first_weights.csv"
SEEDS = range(5)
KEPT = (20, 60)  # epochs
STDDEVS = {"random_normal": 0.05, "stddev 1": 1.0}  # drawn from a normal distribution; other names are Keras' own
RATES = {"SGD": (0.005, 0.05, 0.5, 5.0), "Adam": (0.0003, 0.001, 0.003, 0.01)}
DEEPER_RATES = {"SGD": (0.005, 0.02, 0.05, 0.1)}
KEYS = ["activation", "depth", "first_weights", "batch_norm", "optimizer", "learning_rate"]


def settings():
    """Each network with the optimizers and rates that it is trained with."""
    yield ("relu", 2, "random_normal", False), {"SGD": (0.05,)}
    for first_weights in ("random_normal", "glorot_uniform", "he_normal", "stddev 1"):
        yield ("relu", 8, first_weights, False), RATES
    for first_weights in ("random_normal", "he_normal", "stddev 1"):
        yield ("relu", 8, first_weights, True), {"SGD": (0.05,)}
    for activation in ("relu", "tanh"):
        for first_weights in ("glorot_uniform", "he_normal"):
            yield (activation, 16, first_weights, False), DEEPER_RATES


def network(activation, depth, first_weights, batch_norm):
    """A stack of `depth` hidden layers of 64 units and a softmax."""
    model = keras.Sequential([keras.Input((64,))])
    for _ in range(depth):
        stddev = STDDEVS.get(first_weights)
        draw = keras.initializers.RandomNormal(stddev=stddev) if stddev else first_weights
        model.add(layers.Dense(64, kernel_initializer=draw))
        if batch_norm:
            model.add(layers.BatchNormalization())
        model.add(layers.Activation(activation))
    model.add(layers.Dense(10, activation="softmax"))
    return model


def parts():
    """Training and validation part, standardised with the training part's mean and standard deviation."""
    x, y = load_digits(return_X_y=True)
    x_train, x_val, y_train, y_val = train_test_split(x, y, train_size=1000, random_state=0)
    mean, std = x_train.mean(), x_train.std()
    return ((x_train - mean) / std, y_train), ((x_val - mean) / std, y_val)


def study(setting, rates):
    """All runs of one network, as a table."""
    train, held_out = parts()
    fit = {"epochs": max(KEPT), "batch_size": 125, "validation_data": held_out}
    tables = []
    for optimizer, values in rates.items():
        arms = {}
        for rate in values:
            compile = {
                "optimizer": getattr(keras.optimizers, optimizer)(rate),
                "loss": "sparse_categorical_crossentropy",
                "metrics": ["accuracy"],
            }
            arms[str(rate)] = experiment.Arm(BUILDERS[setting], *train, compile, fit)
        history = experiment.repeat(arms, seeds=SEEDS, progress=False).history
        history = history[history["epoch"].isin(KEPT)]
        wide = history.pivot(index=["arm", "seed", "epoch"], columns="metric", values="value").reset_index()
        tables.append(wide.rename(columns={"arm": "learning_rate"}).assign(optimizer=optimizer))
    return pd.concat(tables).assign(**dict(zip(KEYS, setting, strict=False)))


BUILDERS = {setting: (lambda setting=setting: network(*setting)) for setting, _ in settings()}


def main():
    tables = []
    for setting, rates in settings():
        tables.append(study(setting, rates))
        print(setting, "done", flush=True)
    columns = [*KEYS, "seed", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    pd.concat(tables)[columns].round(4).to_csv(TARGET, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
