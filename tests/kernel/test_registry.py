"""Plug-ins: what a decorator states is checked at once, and a name leads to one function."""

import pandas as pd
import pytest
from pydantic import ValidationError

import iop_outcomes
from iop_outcomes.kernel.errors import StudyFileError
from iop_outcomes.kernel.registry import DESIGN_METHODS, ESTIMATORS, METRICS, Metric, Registry, metric

FACTS = {"unit": "days", "kind": "count", "needs": ("session",), "missing": "no session", "source": "own"}
STUDY = {
    "study": "own",
    "source": {"kind": "simulated", "true_effect": "none"},
    "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
    "metrics": {"completion": {}},
    "designs": {"overlap": {"method": "overlap_weights"}},
    "analyses": {"primary": {"outcome": "completion", "design": "overlap", "estimator": "weighting"}},
}


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({"kind": "days"}, "kind_of_value"), ({"needs": "session.status"}, "needs"), ({"better": "more"}, "better")],
    ids=["a kind that no estimator knows", "one need that is no tuple", "a direction that does not exist"],
)
def test_a_decorator_that_states_nonsense_fails_when_its_module_is_imported(wrong, complaint):
    with pytest.raises(ValidationError, match=complaint):
        metric(**(FACTS | wrong))(lambda history: None)


def test_facts_are_attributes_and_one_that_is_not_stated_does_not_exist():
    completion = METRICS["completion"]
    assert (completion.unit, completion.kind_of_value, completion.better) == ("yes or no", "binary", "higher")
    assert list(completion.facts) == [
        "unit",
        "kind_of_value",
        "needs",
        "missing",
        "source",
        "better",
        "by_member",
        "by_plan",
    ]
    assert not hasattr(completion, "estimands")


def test_two_plugins_of_one_name_are_an_error():
    own = Registry(Metric, "iop_outcomes.metrics")
    facts = {name: value for name, value in FACTS.items() if name != "kind"}

    def made(name, function):
        return Metric(name, function, **facts, kind_of_value="count", better="higher")

    def days_seen(history): ...

    own.register(made)(days_seen)
    own.register(made)(days_seen)
    with pytest.raises(ValueError, match="two metrics are called 'days_seen': in .*test_registry and in pandas"):
        own.register(made, "days_seen")(pd.concat)


def test_an_estimator_has_one_name_and_an_old_one_is_answered_with_it():
    sentence = "the estimator 'weighting' is now called 'weighted'; write weighted"
    functions = [plugin.function for plugin in ESTIMATORS]
    assert len(functions) == len(set(functions))
    with pytest.raises(StudyFileError, match=sentence):
        iop_outcomes.load_study(STUDY)
    with pytest.raises(StudyFileError, match=sentence):
        ESTIMATORS["weighting"]


def test_a_setting_may_have_another_default_in_a_study_file():
    overlap = DESIGN_METHODS["overlap_weights"]
    assert overlap.study_defaults == {"by_site": "auto"}
    assert overlap.check()["by_site"] == "no"
    assert overlap.check_in_study()["by_site"] == "auto"
    assert overlap.check_in_study({"by_site": "no"})["by_site"] == "no"
    assert overlap.check_in_study({"folds": 3}) == overlap.check({"folds": 3, "by_site": "auto"})
    for check in (overlap.check, overlap.check_in_study):
        with pytest.raises(StudyFileError, match="overlap_weights.*by_site"):
            check({"by_site": "perhaps"})
