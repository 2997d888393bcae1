"""What was recorded: odd records answered by rule, who is still in care, and whether reports and tests agree."""

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HtmlTable, cell, count, hidden_note

#: What each kind of outcome makes of an event, and columns beyond which a table is wider than its page.
_MADE_OF_IT = {
    "dropout": "Dropout",
    "time_in_care": "Time in programme",
    "retention": "Retention",
    "abstinence": "Abstinence",
}
_MOST_COLUMNS = 8


def set_aside(table: Released | None) -> HtmlTable | None:
    """Return the rules by which odd records were answered, with how many there were."""
    if table is None:
        return None
    rows = [
        (words.capital(words.plain(row.table)), words.capital(str(row.rule)), count(table, position, "n"))
        for position, row in enumerate(table.frame.itertuples())
    ]
    return HtmlTable(
        "Rows that were not taken, odd records of the cohort, and what was done with them",
        ("Table", "Rule", "Records"),
        rows,
        numbers=(2,),
        file="set_aside",
    )


def retained(table: Released | None) -> HtmlTable | None:
    """Return the share of each arm still in care by day, with its interval."""
    if table is None:
        return None
    frame = table.frame
    days, arms = sorted(frame["day"].unique()), list(dict.fromkeys(frame["arm"]))
    cells = {(row.arm, row.day): _share(table, position) for position, row in enumerate(frame.itertuples())}
    rows = [(words.heading(arm), *(cells.get((arm, day), "") for day in days)) for arm in arms]
    columns = ("Arm", *(f"Day {day:.0f}" for day in days))
    note = (
        "Share still in care (95% CI), Kaplan-Meier: death and the end of observation censor. There is no interval "
        "where everybody or nobody is still in care, or where sites agree or an arm has only one, so that nothing "
        "tells how sites differ."
    )
    numbers = tuple(range(1, len(columns)))
    return HtmlTable("Still in care, without adjustment", columns, rows, note, numbers, file="retained")


def intercurrent(table: Released | None) -> list[HtmlTable]:
    """Return what ended care in each arm, and what every kind of outcome makes of it, apart where arms are many."""
    if table is None:
        return []
    arms, frame = list(dict.fromkeys(table.frame["arm"])), table.frame
    counts, made = [], []
    for event, own in frame.groupby("event", sort=False, observed=True):
        cells = {frame["arm"].iloc[i]: _ended(table, i) for i in own.index}
        said = words.capital(words.plain(str(event)))
        counts.append((said, *(cells.get(arm, "") for arm in arms)))
        made.append((said, *(str(own.iloc[0][kind]) for kind in _MADE_OF_IT)))
    columns = ("Event", *map(words.heading, arms))
    numbers = tuple(range(1, len(columns)))
    who = "People whose care ended so, and for jail and death those to whom it happened at any time while followed."
    kinds = (
        "hat every kind of outcome makes of it (ICH E9 R1): treatment policy, it changes nothing; composite, it is "
        "part of the outcome, as leaving or as not abstinent; competing, it is a way of its own to end care, after "
        "which nobody drops out; hypothetical, it censors."
    )
    happened, hidden = "What happened after time zero", hidden_note(table)
    if len(columns) + len(_MADE_OF_IT) <= _MOST_COLUMNS:
        both = [(*count, *rest[1:]) for count, rest in zip(counts, made, strict=True)]
        note = f"{who} Then w{kinds} {hidden}"
        heads = (*columns, *_MADE_OF_IT.values())
        return [HtmlTable(f"{happened}, and what is made of it", heads, both, note, numbers, file="intercurrent")]
    return [
        HtmlTable(happened, columns, counts, f"{who} {hidden}", numbers, file="intercurrent"),
        HtmlTable(
            "What is made of what happened", ("Event", *_MADE_OF_IT.values()), made, f"W{kinds}", file="intercurrent"
        ),
    ]


def _ended(table: Released, position: int) -> str:
    ended = count(table, position, "n_ended")
    known = table.suppressed["n_while"].iloc[position] or table.frame["n_while"].iloc[position] >= 0
    return f"{ended} (ever {count(table, position, 'n_while')})" if known else ended


def agreement(table: Released | None) -> HtmlTable | None:
    """Return the two-by-two counts of tests and reports by arm, with sensitivity, specificity and kappa."""
    if table is None:
        return None
    counts = {
        "n_tests": "Tests",
        "n_not_comparable": "Nothing reported",
        "n_both": "Positive, use reported",
        "n_test_only": "Positive, use denied",
        "n_report_only": "Negative, use reported",
        "n_neither": "Negative, use denied",
    }
    shares = {"sensitivity": "Sensitivity", "specificity": "Specificity", "kappa": "Kappa"}
    rows = []
    for position, row in enumerate(table.frame.itertuples()):
        numbers = [count(table, position, column) for column in counts]
        numbers += [cell(table, position, column, words.number(getattr(row, column), 2)) for column in shares]
        rows.append((words.heading(str(row.arm)), *numbers))
    note = (
        "Sensitivity and specificity of the report, with the test as the standard. An arm of which a number is of the "
        f"tests of too few people is left out. {hidden_note(table)}"
    )
    columns = ("Arm", *counts.values(), *shares.values())
    numbers = tuple(range(1, len(columns)))
    return HtmlTable("Do reports and drug tests agree?", columns, rows, note, numbers, file="agreement")


def _share(table: Released, position: int) -> str:
    row = table.frame.iloc[position]
    share, low, high = (words.percent(row[column]) for column in ("retained", "ci_low", "ci_high"))
    text = f"{share} ({f'{low} to {high}' if low and high else 'no interval'})"
    return cell(table, position, "retained", text if share else "nobody observed")
