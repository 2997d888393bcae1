"""The declared endpoints: how many, how named, and how their weeks are changed."""

import dataclasses

import pytest

from iop_outcomes.endpoints import ENDPOINTS, Endpoint, LastWeeks, View, catalogue, score
from iop_outcomes.endpoints.rules import FirstWindow, LongestRun, Share
from iop_outcomes.kernel.errors import StudyFileError


def test_the_catalogue_holds_the_54_endpoints_and_62_columns():
    table = catalogue()
    assert table["family"].value_counts().to_dict() == {"reduction": 33, "abstinence": 14, "relapse": 6, "dropout": 1}
    assert len(score(["-"]).columns) == 62
    assert ", ".join(table["columns"]).split(", ") == list(score(["-"]).columns)
    assert table["name"].is_unique


def test_every_row_says_all_there_is_to_say():
    table = catalogue().set_index("name")
    filled = table.drop(columns=["doi", "same_rule_as"])
    assert (filled.map(str.strip) != "").all(axis=None)
    without_doi = set(table.index[table["doi"] == ""])
    assert without_doi == {
        "Ab_ctnNinetyFour_2023",
        "Rs_ctnNinetyFour_2023",
        "Dr_ctnNinetyFour_2023",
        "Rd_paniA_2000",
        "Rd_paniB_2000",
    }
    assert table.loc["Rd_tanum_2017", "same_rule_as"] == "Rd_mattickA_2003"
    assert table.loc["Ab_krupitskyA_2011", "window"] == "weeks 5-15"
    assert table.loc["Rd_strang_2010", "window"] == "last 12 weeks"


def test_the_papers_own_weeks_can_be_asked_for():
    """Krupitsky looked at weeks 5-24: 8 uses in weeks 17-24 of 24 negative weeks."""
    word = "-" * 16 + "+" * 8
    published = score([word], ["Ab_krupitskyA_2011", "Ab_krupitskyB_2011"])
    own_weeks = score(
        [word],
        ["Ab_krupitskyA_2011", "Ab_krupitskyB_2011"],
        windows={"Ab_krupitskyA_2011": (5, 24), "Ab_krupitskyB_2011": (5, 24)},
    )
    assert published.to_numpy().tolist() == [[1, 11]]
    assert own_weeks.to_numpy().tolist() == [[0, 12]]


@pytest.mark.parametrize(
    ("name", "word", "window", "answer"),
    [
        ("Rd_strang_2010", "+" * 14 + "-" * 12, LastWeeks(26), 0),  # 12 of 26 is less than half
        ("Ab_schwartz_2006", "-" * 15 + "+" * 2, 17, 0),  # week 17 instead of 15
        ("Ab_ctnNinetyFour_2023", "-" * 20 + "++++", (21, 24), 0),
        ("Rd_woody_2008", "-" * 12 + "+" * 12, View((4, 8, 12, 16, 20, 24)), 0.5),
        ("Rd_lingA_1976", "-" * 9 + "+" * 6, (1, 9), 120),
        ("Rs_johnson_1992", "++++" + "-" * 8, (3, 12), 1),
        ("Rd_jaffe_1972", "-" * 4 + "+" * 4, (1, 4), 1),
        ("Ab_lofwall_2018", "-" * 9 + "+" * 6, [(5, 7), 8, (8, 8)], 1),
    ],
)
def test_any_window_can_be_changed(name, word, window, answer):
    assert score([word], [name], windows={name: window}).loc[0, name] == answer


def test_an_endpoint_of_ones_own():
    own = Endpoint("Ab_ours_2024", LongestRun(symbols="-", at_least=8), "eight in a row", "breaks the run", "this test")
    relapse = Endpoint("Rs_ours_2024", FirstWindow(width=2, threshold=2), "two in a row", "positive", "this test")
    stricter = dataclasses.replace(ENDPOINTS["Rd_kostenB_1993"], rule=Share(symbol="-", recode=("PRES",), at_least=0.9))
    values = score(["--------++"], [own, relapse, stricter])
    assert values.iloc[0].to_dict() == {"Ab_ours_2024": 1, "RsT_ours_2024": 9, "RsE_ours_2024": 1, "Rd_kostenB_1993": 0}


def test_a_column_can_be_asked_for_by_itself():
    assert list(score(["-+"], ["AbT_mokri_2016", "Rs_lee_2016"])) == ["AbT_mokri_2016", "RsT_lee_2016", "RsE_lee_2016"]
    assert list(score(["-+"], "Ab_fiellin_2006")) == ["Ab_fiellin_2006"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"endpoints": ["Ab_felin_2006"]}, "there is no endpoint 'Ab_felin_2006'; did you mean 'Ab_fiellin_2006'"),
        ({"endpoints": ["Ab_ling_1998", "Ab_ling_1998"]}, "'Ab_ling_1998' is asked for more than once"),
        ({"windows": {"Rd_haight_2018": (5, 24)}}, "'Rd_haight_2018' is not one of the endpoints to score"),
        ({"windows": {"Rd_haight_2019": (24, 5)}}, "weeks 24 to 5 are no window"),
        ({"windows": {"Rd_haight_2019": "all"}}, "give a pair"),
        ({"windows": {"Rd_strang_2010": LastWeeks(12, 3), "Ab_lofwall_2018": [(1, 2), (3, 4)]}}, "one for each"),
        ({"windows": {"Rd_lingA_1976": (1, 40)}}, "the penalties are declared for 15 weeks"),
        ({"windows": {"Rd_lingB_1976": (3, 15)}}, "scored from week 1"),
        ({"never_seen": "drop"}, "never_seen: 'drop' is not known"),
    ],
)
def test_wrong_settings_are_answered_in_one_sentence(settings, sentence):
    with pytest.raises(StudyFileError, match=sentence):
        score(["----"], **settings)
