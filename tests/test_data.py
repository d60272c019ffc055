"""Loaders, windows and splits."""

import ast
import re
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data, experiment

SHA256 = dict(line.split()[::-1] for line in (data.DATA / "SHA256SUMS").read_text().splitlines())
CARDS = (Path(data.DATA) / "README.md").read_text(encoding="utf-8")


def hourly(rows: int, **columns) -> pd.DataFrame:
    index = pd.date_range("2013-01-01", periods=rows, freq="h", name="time")
    return pd.DataFrame({"value": np.arange(rows, dtype=float), **columns}, index=index)


@pytest.mark.parametrize("name", sorted(SHA256))
def test_every_file_is_there_and_has_a_card_with_its_checksum(name):
    assert data.data_file(name).is_file()
    section = next(part for part in re.split(r"^## ", CARDS, flags=re.MULTILINE) if f"`{name}`" in part.splitlines()[0])
    assert SHA256[name] in section
    for heading in ("**Source:**", "**Cite:**", "**Licence:**", "**What is wrong in it:**"):
        assert heading in section


def test_every_data_file_has_a_checksum():
    files = {path.relative_to(data.DATA).as_posix() for path in data.DATA.rglob("*")}
    assert {name for name in files if name.endswith((".csv", ".gz", ".npz"))} == set(SHA256)


def test_a_missing_or_damaged_file_is_named_with_what_to_do(tmp_path, monkeypatch):
    name = "beijing_pm25_2013_2014.csv.gz"
    monkeypatch.setattr(data, "DATA", tmp_path)
    (tmp_path / "SHA256SUMS").write_text(f"{SHA256[name]}  {name}\n")
    with pytest.raises(data.DataError, match=rf"data/{name} is missing.*git checkout"):
        data.load_beijing_air()
    (tmp_path / name).write_bytes(b"half a file")
    with pytest.raises(data.DataError, match=rf"data/{name} is damaged: expected SHA-256 7f31.*git checkout"):
        data.load_beijing_air()
    (tmp_path / "SHA256SUMS").unlink()
    with pytest.raises(data.DataError, match=r"data/SHA256SUMS is missing.*git checkout"):
        data.load_beijing_air()


def test_beijing_air_is_as_its_card_says():
    air = data.load_beijing_air()
    assert air.shape == (17_520, 8)
    assert (air.index == pd.date_range("2013-01-01", "2014-12-31 23:00", freq="h")).all()
    assert air["pm25"].isna().sum() == 181
    assert air.drop(columns="pm25").notna().all(axis=None)
    assert (air["pm25"].min(), air["pm25"].max()) == (2, 886)
    assert set(air["wind_direction"]) == {"NW", "NE", "SE", "cv"}


def test_brent_and_co2_are_as_their_cards_say():
    brent, co2 = data.load_brent(), data.load_co2()
    assert list(brent.columns) == ["usd_per_barrel"]
    assert len(brent) == 8_195
    assert brent.index.is_monotonic_increasing
    assert (brent["usd_per_barrel"].min(), brent["usd_per_barrel"].max()) == (9.10, 143.95)
    assert (brent["usd_per_barrel"].diff() == 0).sum() == 195
    assert (co2.index == pd.date_range("1958-03-29", "2001-12-29", freq="7D")).all()
    assert co2["co2"].isna().sum() == 59
    assert (co2["co2"].min(), co2["co2"].max()) == (313.0, 373.9)


def test_newark_weather_is_as_its_card_says():
    weather = data.load_newark_weather()
    assert weather.shape == (8_703, 9)
    assert (weather.index[0], weather.index[-1]) == (pd.Timestamp("2013-01-01 06:00"), pd.Timestamp("2013-12-30 23:00"))
    assert weather.index.is_monotonic_increasing
    assert len(pd.date_range(weather.index[0], weather.index[-1], freq="h")) - len(weather) == 27
    assert weather.isna().sum()[["temperature", "pressure", "wind_gust"]].tolist() == [1, 935, 6901]
    assert (weather["wind_speed"] > 50).sum() == 1
    assert 1048 < weather["wind_speed"].max() < 1049
    assert (weather["pressure"].min(), weather["pressure"].max()) == (983.9, 1041.9)
    missing, rains = weather["pressure"].isna(), weather["precipitation"] > 0
    assert missing[rains].mean() == pytest.approx(0.54, abs=0.01)
    assert missing[~rains].mean() == pytest.approx(0.08, abs=0.01)


def test_metro_traffic_is_as_its_card_says():
    road = data.load_metro_traffic()
    assert road.shape == (17_174, 5)
    assert (road.index[0], road.index[-1]) == (pd.Timestamp("2013-11-06 04:00"), pd.Timestamp("2016-12-30 23:00"))
    assert road.index.is_monotonic_increasing
    assert road.index.is_unique
    assert len(pd.date_range(road.index[0], road.index[-1], freq="h")) - len(road) == 10_446
    assert road["2016-04":].asfreq("1h")["traffic"].isna().sum() == 204
    assert road.notna().all(axis=None)
    assert (road["traffic"].min(), road["traffic"].max()) == (0, 7260)
    assert (road["temperature"] == 0).sum() == 10
    assert road["rain"].max() == 9831.3
    hourly_traffic = road["2016-04":]["traffic"].asfreq("1h")
    assert hourly_traffic.autocorr(168) > 0.9 > hourly_traffic.autocorr(24) > hourly_traffic.autocorr(72)


def test_windows_take_the_rows_they_say():
    X, y, rows = data.windows(hourly(20), ["value"], "value", timesteps=4, horizon=3, stride=5)
    np.testing.assert_array_equal(X[:, :, 0], [[0, 1, 2, 3], [5, 6, 7, 8], [10, 11, 12, 13]])
    np.testing.assert_array_equal(y, [[6], [11], [16]])
    np.testing.assert_array_equal(rows, [[0, 6], [5, 11], [10, 16]])
    assert X.dtype == y.dtype == np.float32


def test_windows_never_cross_a_gap_in_time_or_hold_a_missing_value():
    table = hourly(30).drop(index=hourly(30).index[12])
    table.iloc[20, 0] = np.nan
    X, y, rows = data.windows(table, ["value"], "value", timesteps=3, horizon=1, step="1h")
    assert (np.diff(X[:, :, 0], axis=1) == 1).all()
    assert (y[:, 0] - X[:, -1, 0] == 1).all()
    assert not ((rows[:, 0] <= 20) & (rows[:, 1] >= 20)).any()
    assert len(X) == (12 - 3) + (8 - 3) + (8 - 3)


def test_windows_keep_missing_inputs_if_asked_and_never_a_missing_target():
    table = hourly(30)
    table.iloc[10, 0] = np.nan
    X, y, rows = data.windows(table, ["value"], "value", timesteps=3, keep_missing=True)
    assert not np.isnan(y).any()
    assert 10 not in rows[:, 1]
    assert np.isnan(X).any(axis=(1, 2)).sum() == 3
    assert len(X) == 27 - 1


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(100, 300),
    timesteps=st.integers(1, 8),
    horizon=st.integers(1, 6),
    stride=st.integers(1, 7),
    gap=st.integers(0, 5),
    shares=st.tuples(*[st.floats(0.3, 0.4)] * 2),
)
def test_no_window_of_one_part_shares_a_row_with_another_part(rows, timesteps, horizon, stride, gap, shares):
    parts = data.split_by_time(hourly(rows), (*shares, 1 - sum(shares)), gap)
    seen = []
    for part in parts:
        X, y, _ = data.windows(part, ["value"], "value", timesteps, horizon, stride, step="1h")
        seen.append(set(X.ravel()) | set(y.ravel()))  # every value is the number of its row
    assert max(seen[0]) + gap < min(seen[1])
    assert max(seen[1]) + gap < min(seen[2])


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcdef"), min_size=8, max_size=60))
def test_no_group_is_in_two_parts(groups):
    groups = [*groups, "a", "b", "c"]
    parts = data.split_by_group(groups, validation=["b"], test=["c"])
    members = [{group for group, chosen in zip(groups, part, strict=True) if chosen} for part in parts]
    assert members[1:] == [{"b"}, {"c"}]
    assert not members[0] & {"b", "c"}
    assert sum(part.sum() for part in parts) == len(groups)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.windows(hourly(5), ["value"], "value", 4, 3), r"shape \(5, 1\) has too few rows"),
        (lambda: data.windows(hourly(9), ["dust"], "value", 4), "no such column: .*'dust'"),
        (lambda: data.windows(hourly(9), ["value"], "value", 0), "must be 1 or more"),
        (lambda: data.windows(hourly(9) * np.nan, ["value"], "value", 2), "without a gap or missing value"),
        (lambda: data.split_by_time(hourly(9), (0.5, 0.5, 0.5)), "sum to 1"),
        (lambda: data.split_by_time(hourly(9), gap=-1), "0 or more"),
        (lambda: data.split_by_time(hourly(9), gap=4), "too few"),
        (lambda: data.split_by_time(hourly(9)[::-1]), "sort"),
        (lambda: data.split_by_group([["a"]], ["a"], []), r"\(samples,\), got \(1, 1\)"),
        (lambda: data.split_by_group(["a", "b"], ["a"], ["a"]), "in both"),
        (lambda: data.split_by_group(["a", "b"], ["z"], []), "no sample belongs"),
        (lambda: data.split_by_group(["a", "b"], ["a"], ["b"]), "nothing is left to train on"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("path", sorted(data.DATA.glob("studies/*.py")), ids=lambda path: path.stem)
def test_the_script_of_a_study_fits_the_helpers(path):
    """They take too long to be run here: what they ask of the helpers has to be there, and their table beside them."""
    asked = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)]
    for module in (data, experiment):
        short = module.__name__.removeprefix("helpers.")
        names = {node.attr for node in asked if ast.unparse(node.value) == short}
        assert names, f"it uses {short}"
        assert not [name for name in names if not hasattr(module, name)]
    main = runpy.run_path(str(path), run_name="not main")
    assert main["TARGET"] == path.with_suffix(".csv")
    assert f"studies/{path.stem}.csv" in SHA256


def test_the_study_of_lesson_11_is_as_its_card_says():
    study = pd.read_csv(data.data_file("studies/shallow_network.csv"))
    assert study.shape == (800, 10)
    assert study.notna().all(axis=None)
    assert (study.groupby(["network", "learning_rate", "validation_people", "seed"]).size() == 5).all()
    assert study["network"].nunique() == 8
    assert study["weights"].min() == 93
    assert study["weights"].max() == 4023
    assert study[["accuracy", "val_accuracy"]].stack().between(0, 1).all()


def test_the_study_of_lesson_13_is_as_its_card_says():
    study = pd.read_csv(data.data_file("studies/wrong_activations.csv"))
    assert study.shape == (120, 8)
    assert study.notna().all(axis=None)
    assert (study.groupby(["arm", "steps"])["seed"].nunique() == 10).all()
    assert set(study["steps"]) == {13, 25, 38, 75}
    assert study["accuracy"].between(0, 1).all()
    assert (study[["first_loss", "highest_loss", "last_loss", "largest_output"]] > 0).all(axis=None)


def test_the_study_of_lesson_14_is_as_its_card_says():
    study = pd.read_csv(data.data_file("studies/first_weights.csv"))
    assert study.shape == (520, 12)
    settings = ["activation", "depth", "first_weights", "batch_norm", "optimizer", "learning_rate"]
    assert (study.groupby([*settings, "epoch"])["seed"].nunique() == 5).all()
    assert study.groupby(settings).ngroups == 52
    assert study["first_weights"].nunique() == 4
    assert study[["accuracy", "val_accuracy"]].stack().between(0, 1).all()


def test_ecg_beats():
    beats = data.load_ecg_beats()
    assert beats.X.shape == (2278, 160)
    assert beats.X.dtype == np.float32
    assert np.bincount(beats.y).tolist() == [2164, 114]
    assert -1.8 < beats.X.min() < -1.5  # millivolts
    assert 1.5 < beats.X.max() < 1.8
    steps = np.diff(beats.seconds)
    assert steps.min() * 250 == pytest.approx(89)
    assert beats.seconds[-1] - beats.seconds[0] < 1800
    blocks = ((beats.seconds - beats.seconds[0]) // 300).astype(int)
    assert (np.bincount(blocks, weights=beats.y) > 0).all()


def test_the_study_of_lesson_15_is_as_its_card_says():
    study = pd.read_csv(data.data_file("studies/long_range_dependencies.csv"))
    assert study.shape == (140, 9)
    settings = ["network", "training", "distance"]
    assert (study.groupby(settings)["seed"].nunique() == 5).all()
    assert study.groupby(settings).ngroups == 28
    assert study["network"].nunique() == 12
    small = study[study["network"] != "last step, 64 units"]["weights"]
    assert (small.min(), small.max(), study["weights"].max()) == (2104, 2564, 21187)
    assert study[["accuracy", "test_accuracy"]].stack().between(0, 1).all()
