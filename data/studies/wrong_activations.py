"""The longer study of lesson 13, shipped as data/studies/wrong_activations.csv. Takes a few minutes on two cores.

    uv run python data/studies/wrong_activations.py

An LSTM of 32 units names the exercise in a window of the watch data: with `tanh` inside, with `relu` inside, and with
`relu` and clipped gradients; on the 75 steps of the window, or on every second, third or sixth of them; ten seeds, 20
epochs. Trained on six people; the accuracy is that on two others. `highest_loss` is the highest training loss after
the first epoch, `largest_output` the largest size of an output of the LSTM at the end.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import pandas as pd
from keras import layers
from sklearn.metrics import accuracy_score

from helpers import data, experiment

TARGET = data.DATA / "studies/wrong_activations.csv"
EVERY = (6, 3, 2, 1)  # of the 75 steps: 13, 25, 38, 75
ARMS = {"tanh": ("tanh", None), "relu": ("relu", None), "relu, clipped": ("relu", 1.0)}


def arm(activation: str, clip: float | None, x: np.ndarray, y: np.ndarray) -> experiment.Arm:
    def build():
        return keras.Sequential(
            [
                keras.Input(x.shape[1:]),
                layers.LSTM(32, activation=activation),
                layers.Dense(7, activation="softmax"),
            ]
        )

    def largest_output(model):
        outputs = keras.Model(model.inputs, model.layers[0].output).predict(x, verbose=0)
        return {"largest_output": np.abs(outputs).max()}

    adam = keras.optimizers.Adam(0.001, global_clipnorm=clip)
    how = {"optimizer": adam, "loss": "sparse_categorical_crossentropy"}
    return experiment.Arm(build, x, y, how, {"epochs": 20, "batch_size": 32}, measure=largest_output)


def study() -> pd.DataFrame:
    watch = data.load_watch_exercises()
    train, validation, _ = data.split_by_group(watch.subject, validation=[7, 8], test=[9, 10])
    X = (watch.X - watch.X[train].mean(axis=(0, 1))) / watch.X[train].std(axis=(0, 1))
    rows = []
    for every in EVERY:
        x = X[:, ::every]
        arms = {name: arm(*how, x[train], watch.y[train]) for name, how in ARMS.items()}
        runs = experiment.repeat({n: replace(a, predict=x[validation]) for n, a in arms.items()}, range(10))
        accuracy = runs.scores(watch.y[validation], accuracy_score, labels=True)
        largest = runs.measured.pivot(index="seed", columns="arm", values="value")
        for (name, seed), loss in runs.history.groupby(["arm", "seed"], sort=False)["value"]:
            rows.append(
                {
                    "steps": x.shape[1],
                    "arm": name,
                    "seed": seed,
                    "first_loss": loss.iloc[0],
                    "highest_loss": loss.iloc[1:].max(),
                    "last_loss": loss.iloc[-1],
                    "accuracy": accuracy.loc[seed, name],
                    "largest_output": largest.loc[seed, name],
                }
            )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    study().to_csv(TARGET, index=False, float_format="%.4g")
    print(f"wrote {TARGET}")
