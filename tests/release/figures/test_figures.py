"""Figures are drawn from protected tables, whatever the arms and the data."""

import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from iop_outcomes.in_memory import run_study
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release import figures
from iop_outcomes.release.disclosure import Released, protect_together
from iop_outcomes.release.figures import FIGURES, style
from iop_outcomes.release.stage import build
from iop_outcomes.study import parse
from iop_outcomes.tables import store
from report_tables import attrition, study, tables

#: Those of every study; the others stand in ``test_argument_figures``.
NAMES = [figure.name for figure in FIGURES if not figure.asked_by]
LONG = ("standard_medical_management", "enhanced_opioid_drug_counselling_programme", "iop", "outpatient")


def test_names_of_figures_are_told_without_loading_what_draws_them():
    asked = "import sys; from iop_outcomes.kernel import registry; registry.figure_names(); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert "matplotlib" not in told.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("n_arms", [2, 4])
def test_nothing_is_cut_off(name, n_arms):
    arms = LONG[:n_arms]
    drawn = figures.make(name, tables(arms, (300, 520, 140, 90)[:n_arms]), study(arms))
    assert not drawn.reason
    canvas = FigureCanvasAgg(drawn.figure)
    canvas.draw()
    box = drawn.figure.get_tightbbox(canvas.get_renderer())
    width, height = drawn.figure.get_size_inches()
    assert box.x0 > -0.02 and box.y0 > -0.02
    assert box.x1 < width + 0.02 and box.y1 < height + 0.02


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "n",
    [(300, 0), *(pytest.param(n, marks=pytest.mark.slow) for n in ((0, 300), (300, 6), (6, 6), (12, 12)))],
    ids=str,
)
def test_an_arm_with_few_or_no_people_leaves_the_figure_standing(name, n):
    drawn = figures.make(name, {k: t for k, t in of_arms(n).items() if len(t)}, study())
    assert isinstance(drawn.figure, Figure)
    assert len(drawn.png)


@pytest.mark.parametrize("unknown", [("iop",), ("iop", "outpatient")])
def test_an_arm_of_which_nothing_is_known_by_any_definition_has_no_points(unknown):
    shares = tables()["abstinence_share"]
    gone = shares["arm"].isin(unknown)
    table = shares.assign(n=shares["n"].where(~gone, 4), n_events=shares["n_events"].where(~gone, 2))
    drawn = figures.make("abstinence_definitions", {"abstinence_share": table}, study())
    assert len(drawn.png)
    known = drawn.data.frame.dropna(subset=["share"])
    assert not known["arm"].isin(unknown).any()


def test_a_figure_the_study_refused_says_what_the_study_said():
    refusal = pd.DataFrame(
        {
            "kind": ["figure"],
            "name": ["urine_weeks"],
            "reason": ["urine_weeks needs drug tests for 'opiod'; name others"],
        }
    )
    drawn = figures.make(
        "urine_weeks", {**tables(), "refusal": refusal, "weekly": tables()["weekly"].drop(columns="urine")}, study()
    )
    assert drawn.reason == "Nothing to show: this figure needs drug tests for 'opiod'; name others."


@pytest.mark.slow
@pytest.mark.parametrize("gate", ["flag", "withhold"])
def test_sixty_people_have_a_report(gate, tmp_path):
    demo = Path(__file__).parents[3] / "workflow" / "studies" / "demo.yaml"
    small = yaml.safe_load(demo.read_text())
    small |= {"seed": 3, "source": small["source"] | {"n_people": 60, "n_sites": 3}, "gate": {"on_failure": gate}}
    sixty = parse(small)
    made = {}
    for name, table in run_study(sixty).items():
        store.write(table, name, tmp_path / f"{name}.parquet")
        made[name] = store.read(tmp_path / f"{name}.parquet")
    build(sixty, made, tmp_path / "release")
    assert (tmp_path / "release" / "report.html").is_file()
    assert {path.stem for path in (tmp_path / "release" / "figures").glob("*.svg")} == {
        figure.name for figure in FIGURES if figure.asked(sixty)
    }


@pytest.mark.parametrize("name", NAMES)
def test_without_its_tables_a_figure_says_why(name):
    drawn = figures.make(name, {}, study())
    assert isinstance(drawn.figure, Figure)
    assert drawn.reason.startswith("Nothing to show: ")
    assert len(drawn.data) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_that_was_not_protected_is_refused(name):
    plugin = FIGURES[name]
    with pytest.raises(DisclosureError, match="has passed disclosure"):
        plugin(plugin.frame(tables(), study()))


def data_of(name: str, given: dict[str, pd.DataFrame]) -> Released:
    """Return the numbers of a figure as they are protected, without its picture."""
    return protect_together([figures.numbers(name, given, study())])[name]


@pytest.mark.parametrize("name", NAMES)
def test_no_small_count_is_in_the_data_of_a_figure(name):
    data = data_of(name, tables(n=(40, 90))).frame
    for column in FIGURES[name].roles.counts:
        counts = data[column].dropna()
        assert not ((counts > 0) & (counts < 11)).any()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["attrition_flow", "forest_plot", "urine_weeks"])
def test_the_same_data_give_the_same_bytes(name):
    one, other = (figures.make(name, tables(), study()) for _ in range(2))
    assert one.svg == other.svg
    assert one.png == other.png
    assert b"<dc:date>" not in one.svg


def test_the_flow_hides_a_step_that_would_give_few_away():
    given = tables()
    given["attrition"] = attrition(given["cohort"], lost=((0, 0), (30, 45), (5, 0), (40, 60)))
    flow = data_of("attrition_flow", given)
    hidden = flow.suppressed[(flow.frame["arm"] == "iop") & (flow.frame["step"] == 2)].iloc[0]
    # 345 - 5 = 340: neither the 5, nor both of the others, may be shown.
    assert hidden["n_excluded"]
    assert hidden["n_before"] or hidden["n_after"]


def test_a_level_with_dollar_signs_is_text_and_no_formula():
    given = tables()
    given["balance"]["level"] = given["balance"]["level"].replace("unemployed", "$10k^-$20k^")
    assert figures.make("love_plot", given, study()).svg.startswith(b"<?xml")


def test_a_withheld_analysis_has_no_curve():
    given = tables()
    staying = given["estimate"]["analysis"] == "staying"
    given["estimate"].loc[staying, "status"] = "withheld"
    given["estimate"].loc[staying, "reason"] = "the arms differ"
    drawn = figures.make("retention_curves", given, study())
    assert drawn.reason == "Withheld: the arms differ"
    assert len(drawn.data) == 0


def test_the_curve_has_a_step_only_where_enough_people_left():
    given = tables()
    data = data_of("retention_curves", given).frame
    curve = given["curve"]
    for arm, rows in data[data["survival"].notna()].groupby("arm", observed=True):
        mine = curve[curve["arm"] == arm]
        for one, other in zip(rows["day"], rows["day"].iloc[1:], strict=False):
            left = mine.loc[(mine["day"] > one) & (mine["day"] <= other), "n_events"].sum()
            assert left == 0 or left >= 11


def area_drawn(drawn, number: int) -> tuple[float, int]:
    """Return the area beneath the line of an arm, and the day on which it ends."""
    days, share = drawn.figure.axes[0].lines[number].get_data()
    days, share = np.asarray(days, dtype=float), np.asarray(share, dtype=float)
    return float(np.sum(np.diff(days) * (share[1:] + share[:-1]) / 2)), int(days[-1])


@pytest.mark.parametrize(("n", "seed"), [((300, 520), 1), ((40, 90), 2), ((3000, 900), 3), ((120, 60), 4)])
def test_the_area_beneath_the_line_is_the_mean_time_in_care(n, seed):
    given = tables(n=n, seed=seed)
    drawn = figures.make("retention_curves", given, study())
    for number, arm in enumerate(("iop", "outpatient")):
        area, last = area_drawn(drawn, number)
        curve = given["curve"][given["curve"]["arm"] == arm].set_index("day")["survival"]
        assert last > 0
        # The mean time in care within so many days is the sum of the shares still in care at the end of each.
        assert area == pytest.approx(curve.loc[: last - 1].sum(), abs=0.25)


@pytest.mark.parametrize("day", [0, 1, 50, 83, 84, 85])
def test_departures_on_one_day_keep_the_area_and_do_not_show_the_day(day):
    given = tables()
    days = np.arange(180)
    share = np.where(days < day, 1.0, 0.4)
    at_risk = np.where(days <= day, 300, 120)
    facts = {"day": days, "survival": share, "ci_low": share - 0.01, "ci_high": share, "n_at_risk": at_risk}
    one = pd.DataFrame(facts | {"n_events": np.where(days == day, 180, 0), "analysis": "staying"})
    given["curve"] = pd.concat([one.assign(arm=arm) for arm in ("iop", "outpatient")], ignore_index=True)
    drawn = figures.make("retention_curves", given, study())
    area, last = area_drawn(drawn, 0)
    assert last == 179
    assert area == pytest.approx(share[:179].sum(), abs=0.25)
    data = drawn.data.frame
    shown = set(data.loc[data["survival"].notna(), "day"])
    # Weeks, and the last day before a number at risk.
    assert shown <= {*range(0, 180, 7), *range(29, 180, 30)}


def test_the_line_ends_where_too_few_are_at_risk_and_is_never_held_beyond():
    given = tables()
    given["curve"].loc[(given["curve"]["arm"] == "iop") & (given["curve"]["day"] > 100), "n_at_risk"] = 10
    drawn = figures.make("retention_curves", given, study())
    # Day 98 ends the last whole week of those in which eleven were at risk.
    assert [area_drawn(drawn, number)[1] for number in (0, 1)] == [98, 180]


def test_bars_of_pooled_bins_have_the_area_of_their_people():
    _band, *bars = figures.make("overlap", tables(n=(60, 900)), study()).figure.axes[0].patches
    for sign in (1, -1):
        areas = [abs(bar.get_height()) * bar.get_width() for bar in bars if sign * bar.get_height() > 0]
        # A bin is 1/25 wide, and the shares of an arm sum to 1 but for the rounding of counts.
        assert sum(areas) == pytest.approx(1 / 25, rel=0.1)


def test_few_events_withhold_the_comparison():
    given = tables()
    few = (
        (given["estimate"]["analysis"] == "primary")
        & (given["estimate"]["role"] == "arm")
        & (given["estimate"]["arm"] == "iop")
    )
    given["estimate"].loc[few, "n_events"] = 6.0
    data = data_of("forest_plot", given).frame
    primary = data[data["analysis"] == "primary"]
    assert set(primary["status"]) == {"withheld"}
    assert primary[["value", "ci_low", "ci_high"]].isna().all(axis=None)
    assert "fewer than 11 people have, or do not have, the outcome" in primary["reason"].iloc[0]


def test_overlap_bins_hold_enough_people():
    data = data_of("overlap", tables(n=(60, 90)))
    assert not data.suppressed.any(axis=None)
    n = data.frame["n"].to_numpy()
    assert ((n == 0) | (n >= 15)).all()
    assert np.isclose(data.frame.groupby("arm", observed=True)["share"].sum(), 1, atol=0.1).all()


def of_arms(n: tuple[int, int]) -> dict[str, pd.DataFrame]:
    """Return the tables of two arms of these sizes; of an empty one there is no row anywhere."""
    made = tables(n=tuple(size or 6 for size in n))
    empty = [arm for arm, size in zip(("iop", "outpatient"), n, strict=True) if size == 0]
    people = made["cohort"].loc[made["cohort"]["arm"].isin(empty), "member_id"]

    def kept(table: pd.DataFrame) -> pd.DataFrame:
        gone = pd.Series(False, index=table.index)
        if "arm" in table:
            gone |= table["arm"].isin(empty)
        if "member_id" in table:
            gone |= table["member_id"].isin(people)
        return table[~gone].reset_index(drop=True)

    return {name: kept(table) for name, table in made.items()}


@pytest.mark.parametrize(
    ("wanted", "file"),
    [
        ({}, "DejaVuSans.ttf"),
        ({"weight": "bold"}, "DejaVuSans-Bold.ttf"),
        ({"style": "italic"}, "DejaVuSans-Oblique.ttf"),
    ],
)
def test_letters_are_those_that_come_with_matplotlib_whatever_the_machine_has(wanted, file, monkeypatch, tmp_path):
    bundled = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    other = shutil.copy(bundled.with_name("DejaVuSans-Oblique.ttf"), tmp_path / "DejaVuSans.ttf")
    with style.styled():
        pass
    # A machine that has letters of the same name, looked for first.
    of_the_machine = font_manager.FontEntry(fname=str(other), name="DejaVu Sans", weight=400)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [of_the_machine, *font_manager.fontManager.ttflist])
    with style.styled():
        found = font_manager.findfont(font_manager.FontProperties(**wanted))
    assert Path(found) == bundled.with_name(file)
