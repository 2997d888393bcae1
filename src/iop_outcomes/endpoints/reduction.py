"""The 8 reduction endpoints that are more than a share of weeks; higher is better in every one."""

from dataclasses import replace

from iop_outcomes.endpoints.abstinence import EVERY_SECOND_WEEK_FROM_7
from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.recodes import View
from iop_outcomes.endpoints.rules import IfRetained, LongestRun, PenaltyIndex, Points, Share
from iop_outcomes.endpoints.windows import Weeks

LING_A = PenaltyIndex(
    weights=(("+", 1.0), ("*", 0.5), ("o", 0.22)),
    penalties=(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5),
    window=Weeks(1, 15),
)
LING_B = PenaltyIndex(weights=(("+", 0.8), ("*", 0.4), ("o", 1.0)), penalties=None, window=Weeks(1, 15))

SHORT_WORDS = (
    "a word shorter than 15 weeks is scored over the weeks it has, penalties of those weeks over their own sum; "
    "the published program repeats it from its start until there are 15"
)

INDICES = (
    Endpoint(
        name="Rd_eissenberg_1997",
        rule=IfRetained(week=15, rule=LongestRun(symbols="-", recode=("kNV",), window=Weeks(1, 15), at_least=4)),
        says="last seen in week 15 or later, and at least 4 consecutive negative weeks in weeks 1-15 "
        "after single gaps are filled with the mean of their neighbours",
        missing="imputed",
        source="Eissenberg et al. 1997 (17 weeks)",
        doi="10.1001/jama.1997.03540480045037",
    ),
    Endpoint(
        name="Rd_jaffe_1972",
        rule=IfRetained(week=8, rule=Share(symbol="-", recode=("MODE",))),
        says="share of negative weeks, mixed weeks one half, missing weeks taking the person's commoner result; "
        "0 for people last seen before week 8",
        missing="imputed",
        source="Jaffe et al. 1972",
        doi="10.1001/jama.1972.03210040013004",
    ),
    Endpoint(
        name="Rd_lingC_1998",
        rule=Points(symbol="-", window=Weeks(1, 15)),
        says="number of negative weeks in weeks 1-15, mixed weeks one half (treatment effectiveness score)",
        missing="positive",
        source="Ling et al. 1998",
        doi="10.1046/j.1360-0443.1998.9344753.x",
    ),
    Endpoint(
        name="Rd_lingA_1976",
        rule=IfRetained(week=4, rule=replace(LING_A, recycle=True)),
        says="120 minus the penalised use index of weeks 1-15; 0 for people last seen before week 4",
        missing="own weight",
        source="Ling, Charuvastra, Kaim & Klett 1976",
        doi="10.1001/archpsyc.1976.01770060043007",
        corrected_rule=IfRetained(week=4, rule=LING_A),
        correction=SHORT_WORDS,
    ),
    Endpoint(
        name="Rd_lingB_1976",
        rule=IfRetained(week=4, rule=LING_B),
        says="120 minus the penalised use index of weeks 1-15, penalties in even steps from 1 to 5 "
        "over the weeks there are, a missing week 1; 0 for people last seen before week 4",
        missing="own weight",
        source="CTNote authors' variant of Ling, Charuvastra, Kaim & Klett 1976",
        doi="10.1001/archpsyc.1976.01770060043007",
    ),
    Endpoint(
        name="Rd_lofwall_2018",
        rule=Share(symbol="-", recode=("OPOS", EVERY_SECOND_WEEK_FROM_7)),
        says="share of negative weeks among 15, mixed weeks one half, seen weekly to week 7, then every second week "
        "(held over); weeks past the end of the word are not negative",
        missing="positive",
        source="Lofwall et al. 2018 (mean per cent negative, weeks 1-24)",
        doi="10.1001/jamainternmed.2018.1052",
    ),
    Endpoint(
        name="Rd_woody_2008",
        rule=Share(symbol="+", complement=True, recode=(View((4, 8, 12)), "OPOS")),
        says="one minus the share of positive or missing weeks among weeks 4, 8 and 12, mixed weeks one half; "
        "weeks past the end of the word are positive",
        missing="positive",
        source="Woody et al. 2008",
        doi="10.1001/jama.2008.574",
    ),
    Endpoint(
        name="Rd_zaks_1972",
        rule=Points(symbol="+", complement=True, recode=("PRES",)),
        says="number of observed weeks less the positive ones, mixed weeks one half",
        missing="ignored",
        source="Zaks, Fink & Freedman 1972",
        doi="10.1001/jama.1972.03200060039005",
    ),
)
