"""At what cost: the section on costs."""

import numpy as np

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HIDDEN, HtmlTable
from iop_outcomes.release.tables.costs import money
from iop_outcomes.study import Study

_METHODS = {"gamma": "Regression, standardised", "aipw": "The same, augmented by weights"}
_MEASURES = {"mean_difference": "Difference", "mean_ratio": "Ratio"}


def verdicts(table: Released | None) -> list[tuple[str, str]]:
    """Return the answer of every perspective, as pairs of perspective and sentence."""
    if table is None:
        return []
    return [(words.capital(words.plain(str(r.perspective))), str(r.sentence)) for r in table.frame.itertuples()]


def differences(table: Released | None, study: Study) -> HtmlTable | None:
    """Return the difference of mean costs from every perspective and by every method."""
    if table is None:
        return None
    rows = []
    for place, (_, row) in enumerate(table.frame.iterrows()):
        ratio = str(row["measure"]) == "mean_ratio"
        if np.isfinite(row["value"]):
            show = (lambda x: words.number(float(x), 2)) if ratio else money
            number = f"{show(row['value'])} ({show(row['ci_low'])} to {show(row['ci_high'])})"
            means = f"{money(row['mean_first'])} against {money(row['mean_second'])}"
        else:
            hidden = bool(table.suppressed["value"].iloc[place])
            number = HIDDEN if hidden else words.capital(str(row["status"]))
            means = words.sentences(str(row["reason"]))
        whose = words.capital(words.plain(str(row["perspective"])))
        rows.append((whose, _METHODS[str(row["method"])], _MEASURES[str(row["measure"])], number, means))
    year = str(table.frame["price_year"].iloc[0])
    columns = ("Whose costs", "How", "Measure", "Estimate (95% CI)", "Mean a person")
    bearers = "; ".join(f"{words.plain(n)}: {', '.join(b)}" for n, b in study.costs.perspectives.items())
    note = f"Prices: {year}. Costs of those who count as: {bearers}. Costs fall within the days of follow-up."
    return HtmlTable("What care costs", columns, rows, note, (3,), file="cost_difference")
