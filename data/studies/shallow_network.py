"""The longer study of lesson 11, shipped as data/studies/shallow_network.csv. Takes many minutes on two cores.

    uv run python data/studies/shallow_network.py

Eight networks, each at two learning rates, on five splits of the ten people, with two seeds: 160 runs of 60 epochs.
Every person is in the validation part of exactly one split; the split's test part is not touched.
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

from helpers import data, experiment

TARGET = data.DATA / "studies/shallow_network.csv"
LSTM_UNITS = {
    "LSTM(2)": [2],
    "LSTM(4)": [4],
    "LSTM(8)": [8],
    "LSTM(16)": [16],
    "LSTM(27)": [27],
    "2 x LSTM(16)": [16, 16],
    "3 x LSTM(13)": [13, 13, 13],
}
RATES = (0.003, 0.01)
SPLITS = {f"{a} and {a + 1}": ((a, a + 1), ((a + 1) % 10 + 1, (a + 2) % 10 + 1)) for a in (1, 3, 5, 7, 9)}
KEPT = (10, 20, 30, 45, 60)  # epochs


def build_lstm(units):
    """A stack of LSTM layers and a softmax."""
    stack = [layers.LSTM(n, return_sequences=i < len(units) - 1) for i, n in enumerate(units)]
    return keras.Sequential([keras.Input((25, 6)), *stack, layers.Dense(7, activation="softmax")])


def build_convolution():
    """Two convolutions that shorten the sequence, an LSTM and a softmax."""
    convolutions = [layers.Conv1D(16, 5, strides=2, activation="relu") for _ in range(2)]
    return keras.Sequential(
        [keras.Input((25, 6)), *convolutions, layers.LSTM(16), layers.Dense(7, activation="softmax")]
    )


def parts(watch, validation, test):
    """Training and validation part, every third sample, scaled with the training part's statistics."""
    train, held_out, _ = data.split_by_group(watch.subject, validation, test)
    X = (watch.X - watch.X[train].mean(axis=(0, 1))) / watch.X[train].std(axis=(0, 1))
    return (X[train][:, ::3], watch.y[train]), (X[held_out][:, ::3], watch.y[held_out])


def study(network, build):
    """All runs of one network, as a table."""
    watch = data.load_watch_exercises()
    tables = []
    for rate in RATES:
        compile = {
            "optimizer": keras.optimizers.Adam(rate),
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        }
        arms = {}
        for split, (validation, test) in SPLITS.items():
            train, held_out = parts(watch, validation, test)
            fit = {"epochs": 60, "batch_size": 63, "validation_data": held_out, "validation_batch_size": 168}
            arms[split] = experiment.Arm(build, *train, compile, fit)
        history = experiment.repeat(arms, seeds=(0, 1), progress=False).history
        history = history[history["epoch"].isin(KEPT)]
        wide = history.pivot(index=["arm", "seed", "epoch"], columns="metric", values="value").reset_index()
        wide.insert(0, "learning_rate", rate)
        tables.append(wide)
    table = pd.concat(tables).rename(columns={"arm": "validation_people"})
    table.insert(0, "weights", build().count_params())
    table.insert(0, "network", network)
    return table


def main():
    builders = {name: (lambda units=units: build_lstm(units)) for name, units in LSTM_UNITS.items()}
    builders["Conv, Conv, LSTM(16)"] = build_convolution
    tables = []
    for network, build in builders.items():
        tables.append(study(network, build))
        print(network, "done", flush=True)
    pd.concat(tables).round(4).to_csv(TARGET, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
