"""The 25 reduction endpoints that are a share of weeks; higher is better in every one."""

from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.rules import Share
from iop_outcomes.endpoints.windows import LastWeeks, Weeks, WhileRetained

PRES = ("PRES",)
OPOS = ("OPOS",)

NEGATIVE_SHARE = Share(symbol="-")
NEGATIVE_SHARE_OBSERVED = Share(symbol="-", recode=PRES)
NOT_POSITIVE_SHARE = Share(symbol="+", complement=True, published_if_empty=1.0)
NOT_POSITIVE_SHARE_OBSERVED = Share(symbol="+", complement=True, recode=PRES, published_if_empty=1.0)

SAYS_NEGATIVE_SHARE = "share of negative weeks among all weeks, mixed weeks one half"
SAYS_NEGATIVE_SHARE_OBSERVED = "share of negative weeks among observed weeks, mixed weeks one half"
SAYS_NOT_POSITIVE_SHARE = "one minus the share of positive weeks among all weeks, mixed weeks one half"
SAYS_NOT_POSITIVE_SHARE_OBSERVED = "one minus the share of positive weeks among observed weeks, mixed weeks one half"

DROPS_MISSING = (
    "missing weeks are dropped, as the endpoint is described; the published program keeps them as not positive"
)

SHARES = (
    Endpoint(
        name="Rd_comer_2006",
        rule=Share(symbol="-", window=Weeks(1, 8)),
        says="share of negative weeks among all of weeks 1-8, mixed weeks one half",
        missing="positive",
        source="Comer et al. 2006",
        doi="10.1001/archpsyc.63.2.210",
    ),
    Endpoint(
        name="Rd_fiellin_2006",
        rule=NEGATIVE_SHARE,
        says=SAYS_NEGATIVE_SHARE,
        missing="positive",
        source="Fiellin et al. 2006",
        doi="10.1056/NEJMoa055255",
    ),
    Endpoint(
        name="Rd_fudala_2003",
        rule=NEGATIVE_SHARE_OBSERVED,
        says=SAYS_NEGATIVE_SHARE_OBSERVED,
        missing="ignored",
        source="Fudala et al. 2003",
        doi="10.1056/NEJMoa022164",
    ),
    Endpoint(
        name="Rd_haight_2019",
        rule=Share(symbol="-", window=Weeks(5, 15)),
        says="share of negative weeks among all of weeks 5-15, mixed weeks one half",
        missing="positive",
        source="Haight et al. 2019 (weeks 5-24)",
        doi="10.1016/S0140-6736(18)32259-1",
    ),
    Endpoint(
        name="Rd_johnson_1992",
        rule=NEGATIVE_SHARE,
        says=SAYS_NEGATIVE_SHARE,
        missing="positive",
        source="Johnson, Jaffe & Fudala 1992",
        doi="10.1001/jama.1992.03480200058024",
    ),
    Endpoint(
        name="Rd_kostenB_1993",
        rule=Share(symbol="-", recode=PRES, window=Weeks(1, 15), at_least=0.7),
        says="share of negative weeks among the first 15 observed weeks is at least 0.7, mixed weeks one half",
        missing="ignored",
        source="Kosten et al. 1993 (at least 70 % over 24 weeks)",
        doi="10.1097/00005053-199306000-00004",
    ),
    Endpoint(
        name="Rd_lingA_1998",
        rule=Share(symbol="-", recode=PRES, window=Weeks(1, 15)),
        says="share of negative weeks among the first 15 observed weeks, mixed weeks one half",
        missing="ignored",
        source="Ling et al. 1998",
        doi="10.1046/j.1360-0443.1998.9344753.x",
    ),
    Endpoint(
        name="Rd_ling_2010",
        rule=Share(symbol="-", window=Weeks(1, 15)),
        says="share of negative weeks among all of weeks 1-15, mixed weeks one half",
        missing="positive",
        source="Ling et al. 2010 (weeks 1-16)",
        doi="10.1001/jama.2010.1427",
    ),
    Endpoint(
        name="Rd_mattickA_2003",
        rule=Share(symbol="-", window=WhileRetained()),
        says="share of negative weeks among weeks 1 to the week last seen, mixed weeks one half",
        missing="positive while retained",
        source="Mattick et al. 2003 (per cent clean urines while in study)",
        doi="10.1046/j.1360-0443.2003.00335.x",
    ),
    Endpoint(
        name="Rd_mattickB_2003",
        rule=Share(symbol="-", window=Weeks(1, 13)),
        says="share of negative weeks among all of weeks 1-13, mixed weeks one half",
        missing="positive",
        source="Mattick et al. 2003 (treatment effectiveness percentage)",
        doi="10.1046/j.1360-0443.2003.00335.x",
    ),
    Endpoint(
        name="Rd_paniA_2000",
        rule=NEGATIVE_SHARE_OBSERVED,
        says=SAYS_NEGATIVE_SHARE_OBSERVED,
        missing="ignored",
        source="Pani et al. 2000, Drug Alcohol Depend 60:39-50 (PCC)",
    ),
    Endpoint(
        name="Rd_paniB_2000",
        rule=NEGATIVE_SHARE,
        says=SAYS_NEGATIVE_SHARE,
        missing="positive",
        source="Pani et al. 2000, Drug Alcohol Depend 60:39-50 (TEC)",
    ),
    Endpoint(
        name="Rd_petitjean_2001",
        rule=Share(symbol="+", complement=True, recode=OPOS, published_if_empty=1.0),
        says="one minus the share of positive or missing weeks among all weeks, mixed weeks one half",
        missing="positive",
        source="Petitjean et al. 2001",
        doi="10.1016/S0376-8716(00)00163-0",
    ),
    Endpoint(
        name="Rd_preston_2000",
        rule=Share(symbol="-", window=Weeks(1, 13)),
        says="share of negative weeks among all of weeks 1-13, mixed weeks one half",
        missing="positive",
        source="Preston, Umbricht & Epstein 2000",
        doi="10.1001/archpsyc.57.4.395",
    ),
    Endpoint(
        name="Rd_schottenfeld_2005",
        rule=NEGATIVE_SHARE_OBSERVED,
        says=SAYS_NEGATIVE_SHARE_OBSERVED,
        missing="ignored",
        source="Schottenfeld et al. 2005",
        doi="10.1176/appi.ajp.162.2.340",
    ),
    Endpoint(
        name="Rd_shufman_1994",
        rule=NOT_POSITIVE_SHARE,
        says=SAYS_NOT_POSITIVE_SHARE,
        missing="negative",
        source="Shufman et al. 1994",
        doi="10.1016/0006-3223(94)91240-8",
    ),
    Endpoint(
        name="Rd_soyka_2008",
        rule=NOT_POSITIVE_SHARE_OBSERVED,
        says=SAYS_NOT_POSITIVE_SHARE_OBSERVED,
        missing="ignored",
        source="Soyka et al. 2008",
        doi="10.1017/S146114570700836X",
    ),
    Endpoint(
        name="Rd_strain_1993",
        rule=Share(symbol="+", complement=True, window=Weeks(6, 15), published_if_empty=1.0),
        says="one minus the share of positive weeks among all of weeks 6-15, mixed weeks one half",
        missing="negative",
        source="Strain et al. 1993",
        doi="10.7326/0003-4819-119-1-199307010-00004",
    ),
    Endpoint(
        name="Rd_strain_1994",
        rule=NOT_POSITIVE_SHARE,
        says=SAYS_NOT_POSITIVE_SHARE,
        missing="negative",
        source="Strain et al. 1994 (described as dropping missing weeks)",
        doi="10.1176/ajp.151.7.1025",
        corrected_rule=NOT_POSITIVE_SHARE_OBSERVED,
        correction=DROPS_MISSING,
    ),
    Endpoint(
        name="Rd_strain_1996",
        rule=NOT_POSITIVE_SHARE_OBSERVED,
        says=SAYS_NOT_POSITIVE_SHARE_OBSERVED,
        missing="ignored",
        source="Strain et al. 1996",
        doi="10.1097/00004714-199602000-00010",
    ),
    Endpoint(
        name="Rd_strain_1999",
        rule=NOT_POSITIVE_SHARE,
        says=SAYS_NOT_POSITIVE_SHARE,
        missing="negative",
        source="Strain et al. 1999 (described as dropping missing weeks)",
        doi="10.1001/jama.281.11.1000",
        corrected_rule=NOT_POSITIVE_SHARE_OBSERVED,
        correction=DROPS_MISSING,
    ),
    Endpoint(
        name="Rd_strang_2010",
        rule=Share(symbol="-", window=LastWeeks(12), at_least=0.5),
        says="share of negative weeks among the last 12 weeks is at least one half, mixed weeks one half",
        missing="positive",
        source="Strang et al. 2010 (weeks 14-26)",
        doi="10.1016/S0140-6736(10)60349-2",
    ),
    Endpoint(
        name="Rd_strang_2019",
        rule=Share(symbol="-", window=Weeks(1, 12)),
        says="share of negative weeks among all of weeks 1-12, mixed weeks one half",
        missing="positive",
        source="Strang et al. 2019",
        doi="10.3310/hta23030",
    ),
    Endpoint(
        name="Rd_tanum_2017",
        rule=Share(symbol="-", window=WhileRetained()),
        says="share of negative weeks among weeks 1 to the week last seen, mixed weeks one half",
        missing="positive while retained",
        source="Tanum et al. 2017",
        doi="10.1001/jamapsychiatry.2017.3206",
    ),
    Endpoint(
        name="Rd_wolstein_2009",
        rule=NEGATIVE_SHARE_OBSERVED,
        says=SAYS_NEGATIVE_SHARE_OBSERVED,
        missing="ignored",
        source="Wolstein et al. 2009",
        doi="10.1055/s-0028-1083818",
    ),
)
