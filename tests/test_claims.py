"""Claims: a table that a learner reads, records for the robustness tool, and an error that names what failed."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers import claims
from helpers.claims import Claim, ClaimsFailed, check_claims

GOOD = Claim("It is small.", [0.1, 0.2], "<", 0.5)


@pytest.fixture
def shown(monkeypatch):
    """What check_claims displays, a mime bundle each."""
    bundles = []
    monkeypatch.setattr(claims, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def test_claims_that_hold_are_shown_with_lowest_highest_and_bound(shown):
    check_claims(GOOD, Claim("One number.", 3, ">=", 3))
    assert shown[0]["text/plain"].splitlines() == [
        "It is small.",
        "    measured 0.1 to 0.2; bound < 0.5; held: yes (2 of 2 values)",
        "One number.",
        "    measured 3; bound >= 3; held: yes (1 value)",
    ]
    assert "yes (2 of 2 values)" in shown[0]["text/html"]


def test_all_are_shown_before_an_error_names_those_that_failed_in_words(shown):
    with pytest.raises(ClaimsFailed) as error:
        check_claims(GOOD, Claim("It is <large>.", [0.1, 0.9], ">", 0.5))
    assert str(error.value) == (
        "1 of 2 claims did not hold here:\nIt is <large>. Measured 0.1 to 0.9, bound > 0.5: NOT HELD (1 of 2 values)."
    )
    assert isinstance(error.value, AssertionError)
    assert "It is small." in shown[0]["text/html"]
    assert "It is &lt;large&gt;." in shown[0]["text/html"]
    assert "NOT HELD" in shown[0]["text/html"]


def test_records_are_json_and_tell_the_room_to_the_bound(shown):
    with pytest.raises(ClaimsFailed):
        check_claims(
            Claim("Below.", [0.1, 0.2], "<", 0.5),
            Claim("Above.", [1, 3], ">", [2, 1]),
            Claim("Most.", [1, 2, 3, 4, 50], "<", 10, share=0.8),
            Claim("Equal.", 2, "==", 2),
            Claim("Not a number.", [1, np.nan], "<", 10),
        )
    records = json.loads(json.dumps(shown[0][claims.MIME], allow_nan=False))
    assert [record["margin"] for record in records] == [pytest.approx(0.3), -1, 6, 0, None]
    assert [record["held"] for record in records] == [True, False, True, True, False]
    assert [record["runs_held"] for record in records] == [2, 1, 4, 1, 1]
    assert records[1]["bound"] == [1, 2]
    assert records[4]["measured"] == [None, None]


@pytest.mark.parametrize("relation", claims.RELATIONS)
@pytest.mark.parametrize("pair", [(np.nan, 1), (1, np.nan), (np.nan, np.nan)])
def test_nan_never_holds(shown, relation, pair):
    with pytest.raises(ClaimsFailed, match="NaN"):
        check_claims(Claim("It holds.", pair[0], relation, pair[1]))


def test_series_are_paired_by_their_index(shown):
    lower, higher = pd.Series([1, 20], index=[7, 8]), pd.Series([21, 2], index=[8, 7])
    check_claims(Claim("Each is lower.", lower, "<", higher))
    with pytest.raises(ValueError, match="different indices"):
        Claim("Each is lower.", lower, "<", higher.rename({7: 9}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no full stop", 1, "<", 2), "full stop"),
        (("It is.", 1, "=<", 2), "must be one of"),
        (("It is.", [], "<", 2), "do not pair"),
        (("It is.", [1, 2, 3], "<", [1, 2]), "do not pair"),
        (("It is.", 1, "<", 2, 0), "share"),
        (("It is.", 1, "<", 2, 80), "share"),
        (("It is.", "much", "<", 2), "could not convert"),
    ],
)
def test_what_is_no_claim_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Claim(*arguments)


def test_a_lesson_without_a_claim_is_an_error():
    with pytest.raises(ValueError, match="no claim"):
        check_claims()
