"""The 6 relapse endpoints and the retention endpoint that is built like them."""

from iop_outcomes.endpoints.endpoint import Endpoint
from iop_outcomes.endpoints.rules import FirstWindow, LongestRun
from iop_outcomes.endpoints.windows import Weeks

BIN = ("BIN",)

RELAPSE = (
    Endpoint(
        name="Rs_ctnNinetyFour_2023",
        rule=FirstWindow(width=4, threshold=4),
        says="first week of 4 consecutive positive, mixed or missing weeks",
        missing="positive",
        source="CTN-0094 group 2023 (4 consecutive positive weeks)",
    ),
    Endpoint(
        name="Dr_ctnNinetyFour_2023",
        rule=FirstWindow(width=4, threshold=4, symbols="o", recode=("RAW",)),
        says="first week of 4 consecutive missing weeks",
        missing="the event itself",
        source="CTN-0094 group 2023 (retention: 4 consecutive missing weeks)",
    ),
    Endpoint(
        name="Rs_johnson_1992",
        rule=LongestRun(symbols="+", recode=BIN, window=Weeks(4), at_least=2),
        says="2 consecutive positive, mixed or missing weeks from week 4 on",
        missing="positive",
        source="Johnson, Jaffe & Fudala 1992 (2 consecutive after 4 weeks)",
        doi="10.1001/jama.1992.03480200058024",
    ),
    Endpoint(
        name="Rs_krupitsky_2004",
        rule=LongestRun(symbols="+", recode=BIN, at_least=3),
        says="3 consecutive positive, mixed or missing weeks",
        missing="positive",
        source="Krupitsky et al. 2004; also 2006, doi:10.1016/j.jsat.2006.05.005",
        doi="10.1016/j.jsat.2004.02.002",
    ),
    Endpoint(
        name="Rs_lee_2016",
        rule=FirstWindow(width=4, threshold=2),
        says="first 4 weeks with at least 2 positive, mixed or missing ones; the event is dated 2 weeks into them",
        missing="positive",
        source="Lee et al. 2016 (at least 10 use days of 28; a positive screen is 5 days)",
        doi="10.1056/NEJMoa1505409",
    ),
    Endpoint(
        name="Rs_ctnFiftyOne_2018",
        rule=FirstWindow(width=4, threshold=4, window=Weeks(3)),
        says="first week of 4 consecutive positive, mixed or missing weeks from week 3 on",
        missing="positive",
        source="Lee et al. 2018, CTN-0051 (4 consecutive weeks, from day 21)",
        doi="10.1016/S0140-6736(17)32812-X",
    ),
    Endpoint(
        name="Rs_schottenfeld_2008",
        rule=FirstWindow(width=3, threshold=3),
        says="first week of 3 consecutive positive, mixed or missing weeks",
        missing="positive",
        source="Schottenfeld, Chawarski & Mazlan 2008 (3 consecutive)",
        doi="10.1016/S0140-6736(08)60954-X",
    ),
)
