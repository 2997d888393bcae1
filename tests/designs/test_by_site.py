"""Whether a design adjusts for sites where nobody says so: only where they can carry it, and it says what it did."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.scores.site_propensity import by_site_of, settled
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.kernel.registry import DESIGN_METHODS


def arms_at(sites: dict[str, tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return arm (first or not) and site of so many people of the first and of the second arm at each site."""
    rows = [(k == 0, site) for site, counts in sites.items() for k in (0, 1) for _ in range(counts[k])]
    return np.array([arm for arm, _ in rows]), np.array([site for _, site in rows])


@pytest.mark.parametrize(
    ("sites", "comes_to", "says"),
    [
        ({"a": (20, 30), "b": (10, 40)}, "intercepts", "2 have an intercept each"),
        ({"a": (20, 30), "b": (10, 40), "c": (0, 10)}, "intercepts", "2 have an intercept each"),
        ({"a": (20, 30), "b": (10, 40), "c": (0, 12)}, "no", "less than 90% of people are at sites that have all arms"),
        ({"a": (20, 30), "b": (0, 4)}, "no", "only one of 2 sites has all arms"),
        ({"a": (20, 0), "b": (0, 4)}, "no", "none of 2 sites has all arms"),
        ({"a": (4, 30), "b": (5, 40)}, "no", "on average fewer than 5 people of the smallest arm"),
        ({"a": (4, 30), "b": (6, 40)}, "intercepts", "2 have an intercept each"),
    ],
)
def test_sites_get_intercepts_where_they_can_carry_them(sites, comes_to, says):
    arm, site = arms_at(sites)
    found, (n_sites, sentence) = by_site_of("auto", arm, site)
    assert found == comes_to
    assert n_sites == (2 if comes_to == "intercepts" else 0)
    assert says in sentence


def test_a_score_that_takes_no_intercepts_says_so_and_without_sites_there_is_nothing_to_say():
    arm, site = arms_at({"a": (20, 30), "b": (10, 40)})
    found, (n_sites, sentence) = by_site_of("auto", arm, site, "boosted")
    assert (found, n_sites) == ("no", 0)
    assert "and not boosted" in sentence
    assert by_site_of("auto", arm, None) == ("no", None)
    assert by_site_of("separately", arm, site) == ("separately", None)


def test_what_was_settled_can_be_told_from_arms_and_sites():
    arm, site = arms_at({"a": (20, 30), "b": (10, 40)})
    assert settled({"by_site": "auto", "model": "logistic"}, arm, site)["by_site"] == "intercepts"
    assert settled({"by_site": "auto", "model": "ridge"}, arm, site)["by_site"] == "no"
    assert settled({"by_site": "separately"}, arm, site)["by_site"] == "separately"
    assert settled({"trim": 0.1}, arm, site) == {"trim": 0.1}


@pytest.fixture
def people():
    rng = np.random.default_rng(5)
    site = rng.choice(["a", "b", "c"], 600)
    covariates = pd.DataFrame({"age": rng.normal(40, 10, 600), "court": rng.choice(["yes", "no"], 600)})
    wish = pd.Series(site).map({"a": 1.0, "b": 0.0, "c": -1.0}).to_numpy()
    first = rng.random(600) < 1 / (1 + np.exp(0.8 - wish - (covariates["age"] - 40) / 20))
    return covariates, first, site


def in_study(name, covariates, first, site, **settings):
    method = DESIGN_METHODS[name]
    return method(covariates, first, site, 1, **method.check_in_study(settings))


def largest_site_difference(name, frame, first, site) -> float:
    sites = pd.DataFrame({"site": site})
    table = balance(sites, first, frame["weight"], estimand=DESIGN_METHODS[name].estimand)
    return table.loc[table["stage"] == "after", "smd"].abs().max()


TAKE_SITES = [method.name for method in DESIGN_METHODS if "by_site" in method.study_defaults]


@pytest.mark.parametrize("name", TAKE_SITES)
def test_in_a_study_sites_are_balanced_and_it_is_said(name, people):
    covariates, first, site = people
    frame = in_study(name, covariates, first, site)
    assert ("by_site", 3.0, "the design adjusts for sites: 3 have an intercept each.") in frame.attrs["notes"]
    # Bands and pairs of one score hold sites together only nearly.
    allowed = {"subclass": 0.1, "subclass_ate": 0.1, "nearest_match": 0.15}.get(name, 0.05)
    assert largest_site_difference(name, frame, first, site) < allowed
    called = DESIGN_METHODS[name](covariates, first, site, 1)
    assert not any(check == "by_site" for check, _, _ in called.attrs["notes"])
    assert largest_site_difference(name, called, first, site) > 0.25


def test_every_design_that_adjusts_takes_sites():
    assert {method.name for method in DESIGN_METHODS} - set(TAKE_SITES) == {"unweighted"}


@pytest.mark.parametrize("name", ["ate_weights", "entropy_balance", "cbps", "subclass_ate", "nearest_match"])
def test_people_of_a_site_with_one_arm_are_left_out_with_a_note(name, people):
    covariates, first, site = people
    site = np.where((np.arange(600) < 40) & ~first, "d", site)
    frame = in_study(name, covariates, first, site)
    assert (frame.loc[site == "d", "weight"] == 0).all()
    assert (frame.loc[(site != "d") & first, "weight"] > 0).mean() > 0.5
    notes = {check: sentence for check, _, sentence in frame.attrs["notes"]}
    assert "1 site with one arm only left out." in notes["left_out"]
    assert notes["by_site"].endswith("3 have an intercept each.")


def test_intercepts_without_a_maximum_are_carried_by_a_penalty_and_other_separation_is_refused(people):
    covariates, first, site = people
    # Only site a has people sent by the court, in both arms, and all others there are in the second: without sites the
    # court has odds of its own, with them the odds of the site have no maximum.
    court = (site == "a") & (np.arange(600) % 2 == 0)
    arm = np.where((site == "a") & ~court, False, first)
    frame = covariates[["age"]].assign(court=np.where(court, "yes", "no"))
    made = in_study("ate_weights", frame, arm, site)
    assert made["score"].between(0, 1, inclusive="neither").all()
    with pytest.raises(DesignError, match="separation"):
        in_study("ate_weights", frame, arm, site, by_site="intercepts")
    decides = covariates.assign(decides=np.where(first & (covariates["age"] < 40), "yes", "no"))
    with pytest.raises(DesignError, match="level 'yes' of decides"):
        in_study("ate_weights", decides, first, site)


def test_sites_that_cannot_be_balanced_are_said_and_the_rest_is_balanced(people):
    covariates, first, site = people
    # At site a the court sends all of the second arm and nobody of the first, elsewhere every tenth of both.
    court = np.where(site == "a", ~first, np.arange(600) % 10 == 0)
    frame = in_study("entropy_balance_att", covariates.assign(court=court.astype(float)), first, site)
    check, n_sites, sentence = frame.attrs["notes"][-1]
    assert (check, n_sites) == ("by_site", 0)
    assert sentence.startswith("the sites could not be balanced: entropy balancing: no weights give the second arm")
