"""What was recorded: odd records answered by rule, who is still in care, and whether reports and tests agree."""

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.page.html import HtmlTable, cell, count, hidden_note


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


def intercurrent(table: Released | None) -> HtmlTable | None:
    """Return what ended care in each arm, and what every kind of outcome makes of it."""
    if table is None:
        return None
    arms, frame = list(dict.fromkeys(table.frame["arm"])), table.frame
    rows = []
    for event, own in frame.groupby("event", sort=False, observed=True):
        cells = {frame["arm"].iloc[i]: _ended(table, i) for i in own.index}
        first = own.iloc[0]
        made = (str(first[kind]) for kind in ("dropout", "time_in_care", "retention", "abstinence"))
        rows.append((words.capital(words.plain(str(event))), *(cells.get(arm, "") for arm in arms), *made))
    columns = ("Event", *map(words.heading, arms), "Dropout", "Time in programme", "Retention", "Abstinence")
    note = (
        "People whose care ended so, and for jail and death those to whom it happened at any time while followed. Then "
        "what every kind of outcome makes of it (ICH E9 R1): treatment policy, it changes nothing; composite, it is "
        "part of the outcome, as leaving or as not abstinent; competing, it is a way of its own to end care, after "
        f"which nobody drops out; hypothetical, it censors. {hidden_note(table)}"
    )
    numbers = tuple(range(1, len(arms) + 1))
    return HtmlTable(
        "What happened after time zero, and what is made of it", columns, rows, note, numbers, file="intercurrent"
    )


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
