"""The 14 abstinence endpoints."""

from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.recodes import View
from iop_outcomes.endpoints.rules import AllOf, Count, FirstWindow, LongestRun, Reaches, Share
from iop_outcomes.endpoints.windows import LastWeeks, Weeks

BIN = ("BIN",)

EVERY_SECOND_WEEK_FROM_7 = View((1, 2, 3, 4, 5, 6, 7, 7, 9, 9, 11, 11, 13, 13, 15))
"""Fifteen weeks seen weekly to week 7, then every second week; a week not looked at takes the value before it."""

ABSTINENCE = (
    Endpoint(
        name="Ab_ctnNinetyFour_2023",
        rule=AllOf(
            parts=(
                Reaches(window=Weeks(12, 15)),
                Count(symbols="+_", recode=("STAR",), window=Weeks(12, 15), at_most=0),
                Count(symbols="o", window=Weeks(12, 15), at_most=1),
            )
        ),
        says="no positive or mixed and at most one missing week in weeks 12-15, and the word reaches week 15",
        missing="tolerated once",
        source="CTN-0094 group 2023 (last 4 weeks no positive, at most 1 missing)",
    ),
    Endpoint(
        name="Ab_fiellin_2006",
        rule=Count(symbols="-", recode=BIN),
        says="number of negative weeks",
        missing="positive",
        source="Fiellin et al. 2006 (weeks abstinent)",
        doi="10.1056/NEJMoa055255",
    ),
    Endpoint(
        name="Ab_kosten_1993",
        rule=LongestRun(symbols="-", at_least=3),
        says="at least 3 consecutive negative weeks",
        missing="breaks the run",
        source="Kosten et al. 1993 (at least 3 consecutive)",
        doi="10.1097/00005053-199306000-00004",
    ),
    Endpoint(
        name="Ab_krupitskyA_2011",
        rule=Count(symbols="+", recode=BIN, window=Weeks(5, 15), at_most=0, published_if_empty=1.0),
        says="no positive, mixed or missing week in weeks 5-15",
        missing="positive",
        source="Krupitsky et al. 2011 (total abstinence weeks 5-24)",
        doi="10.1016/S0140-6736(11)60358-9",
    ),
    Endpoint(
        name="Ab_krupitskyB_2011",
        rule=Count(symbols="-", recode=BIN, window=Weeks(5, 15)),
        says="number of negative weeks in weeks 5-15",
        missing="positive",
        source="Krupitsky et al. 2011 (weeks abstinent, weeks 5-24)",
        doi="10.1016/S0140-6736(11)60358-9",
    ),
    Endpoint(
        name="Ab_ling_1998",
        rule=LongestRun(symbols="-", at_least=4),
        says="at least 4 consecutive negative weeks",
        missing="breaks the run",
        source="Ling et al. 1998 (13 consecutive tests at 3 a week, about a month)",
        doi="10.1046/j.1360-0443.1998.9344753.x",
    ),
    Endpoint(
        name="Ab_lofwall_2018",
        rule=AllOf(
            parts=(
                Share(
                    symbol="-",
                    mixed=0,
                    recode=(*BIN, EVERY_SECOND_WEEK_FROM_7),
                    window=Weeks(5, 7),
                    at_least=2 / 3,
                ),
                Count(symbols="-", recode=(*BIN, EVERY_SECOND_WEEK_FROM_7), window=Weeks(8, 8), at_least=1),
                Share(
                    symbol="-",
                    mixed=0,
                    recode=(*BIN, EVERY_SECOND_WEEK_FROM_7),
                    window=Weeks(9, 15),
                    at_least=5 / 6,
                ),
            )
        ),
        says="seen weekly to week 7, then every second week (held over): at least 2 of 3 negative in weeks 5-7, "
        "week 8 negative, at least 5/6 negative in weeks 9-15; weeks past the end of the word are not negative",
        missing="positive",
        source="Lofwall et al. 2018 (weeks 9-11, 12, 13-24)",
        doi="10.1001/jamainternmed.2018.1052",
    ),
    Endpoint(
        name="Ab_mokri_2016",
        rule=FirstWindow(width=1, threshold=1),
        says="week of the first positive, mixed or missing week",
        missing="positive",
        source="Mokri et al. 2016",
        doi="10.1111/add.13259",
    ),
    Endpoint(
        name="Ab_schottenfeld_2005",
        rule=LongestRun(symbols="-", recode=("PRES", "STAR")),
        says="longest run of negative weeks, missing weeks bridged",
        missing="ignored",
        source="Schottenfeld et al. 2005",
        doi="10.1176/appi.ajp.162.2.340",
    ),
    Endpoint(
        name="Ab_schottenfeldA_2008",
        rule=FirstWindow(width=1, threshold=1),
        says="week of the first positive, mixed or missing week",
        missing="positive",
        source="Schottenfeld, Chawarski & Mazlan 2008 (days to first positive)",
        doi="10.1016/S0140-6736(08)60954-X",
    ),
    Endpoint(
        name="Ab_schottenfeldB_2008",
        rule=LongestRun(symbols="-", recode=BIN),
        says="longest run of negative weeks",
        missing="positive",
        source="Schottenfeld, Chawarski & Mazlan 2008 (longest abstinence)",
        doi="10.1016/S0140-6736(08)60954-X",
    ),
    Endpoint(
        name="Ab_shufman_1994",
        rule=FirstWindow(width=1, threshold=1, recode=("ONEG",)),
        says="week of the first positive or mixed week",
        missing="negative",
        source="Shufman et al. 1994",
        doi="10.1016/0006-3223(94)91240-8",
    ),
    Endpoint(
        name="Ab_ctnThirty_2011",
        rule=AllOf(
            parts=(
                Count(symbols="-", recode=BIN, window=LastWeeks(1), at_least=1),
                Count(symbols="+", recode=BIN, window=LastWeeks(3, skip=1), at_most=1, published_if_empty=1.0),
            )
        ),
        says="last week negative, and at most one positive, mixed or missing week in the 3 weeks before it",
        missing="positive",
        source="Weiss et al. 2011, CTN-0030",
        doi="10.1001/archgenpsychiatry.2011.121",
    ),
    Endpoint(
        name="Ab_schwartz_2006",
        rule=AllOf(
            parts=(
                Reaches(window=Weeks(15, 15)),
                Count(symbols="-", window=Weeks(15, 15), at_least=1),
            )
        ),
        says="week 15 is negative; mixed, missing, or a word shorter than 15 weeks is not",
        missing="not abstinent",
        source="Schwartz et al. 2006 (120-day follow-up; filed with the reductions by CTNote)",
        doi="10.1001/archpsyc.63.1.102",
    ),
)
