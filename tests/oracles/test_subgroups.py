"""Risk differences by level of a modifier under one set of weights, and their interaction, against R."""

import json

import pytest

import iop_outcomes as iop
from oracles.prepared import prepared
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Subgroups"
MEASURES = ["risk_difference", "risk_ratio"]


@pytest.mark.slow
def test_subgroups(agree):
    case = json.loads(reference_data("honest", "subgroups.json").read_text())["cases"][0]
    settings = {"data": case["id"], "rel": 1e-6}
    found = iop.subgroups(
        prepared("synth_a"),
        outcome="y",
        arm="a",
        covariates=case["covariates"],
        modifiers=[one["modifier"] for one in case["cases"]],
        estimand="ATO",
        measure=MEASURES,
        count_estimation=False,
        small_sample=False,
    )
    rows = found.rows.set_index(["measure", "role", "arm"])
    tests = found.interactions[found.interactions["measure"] == "risk_difference"]
    for one, (_, test) in zip(case["cases"], tests.iterrows(), strict=True):
        own = rows[rows["population"].isin([f"{one['modifier']} = {level}" for level in one["level"]])]
        difference, ratio = (own.loc[measure, "contrast", "1"] for measure in MEASURES)
        agree("difference by level", difference["value"], one["risk_difference"], **settings)
        agree.se("difference by level", difference["se"], one["se"], **settings)
        agree("ratio by level", ratio["value"], one["risk_ratio"], **settings)
        for arm, name in (("1", "risk_iop"), ("0", "risk_outpatient")):
            agree("risk by level", own.loc["mean", "arm", arm]["value"], one[name], **settings)
        ours, theirs = test[["wald", "df", "p_value"]], [one["interaction_wald"], one["df"], one["interaction_p"]]
        agree.statistic("interaction", ours, theirs, **settings)
        sizes = found.sizes[found.sizes["modifier"] == one["modifier"]]
        assert (sizes["n_first"] + sizes["n_second"]).tolist() == one["n"]
    agree.statistic("interactions, Holm", tests["p_holm"], case["holm"], **settings)
    agree.statistic("interactions, BH", tests["p_bh"], case["bh"], **settings)
