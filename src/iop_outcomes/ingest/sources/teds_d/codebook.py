"""Codes of TEDS-D, 2015 to 2023, with the labels used here; ``crosswalk`` brings other years' codes to these.

From SAMHSA's codebooks of the Treatment Episode Data Set: Discharges. -9 (missing, unknown, not collected, invalid) is
no code here; it becomes a missing value. Regions and divisions are those of the U.S. Census Bureau.
"""

MISSING = -9

YES_NO = {1: "yes", 2: "no"}
DAYS_IN_MONTH_USED = {1: "no use", 2: "some use", 3: "daily use"}
SELF_HELP = {1: "none", 2: "1-3 times", 3: "4-7 times", 4: "8-30 times", 5: "some"}

AGE = {
    1: "12-14",
    2: "15-17",
    3: "18-20",
    4: "21-24",
    5: "25-29",
    6: "30-34",
    7: "35-39",
    8: "40-44",
    9: "45-49",
    10: "50-54",
    11: "55-64",
    12: "65+",
}
#: What the file of 2006-2014 has in the place of the last two; a study with such a file has no more of any year.
OLDEST_OF_EARLY_YEARS = 13
AGE_LABELS = AGE | {OLDEST_OF_EARLY_YEARS: "55+"}
SEX = {1: "male", 2: "female"}
RACE = {
    1: "American Indian or Alaska Native",
    2: "American Indian or Alaska Native",
    3: "Asian or Pacific Islander",
    4: "Black",
    5: "White",
    6: "Asian or Pacific Islander",
    7: "other or multiple",
    8: "other or multiple",
    9: "Asian or Pacific Islander",
}
ETHNIC = {1: "Hispanic", 2: "Hispanic", 3: "Hispanic", 4: "not Hispanic", 5: "Hispanic"}

LEVEL_OF_CARE = {
    1: "detox_inpatient",
    2: "detox_inpatient",
    3: "3",
    4: "3",
    5: "3",
    6: "2.1",
    7: "1",
    8: "detox_ambulatory",
}
DISCHARGE_REASON = {
    1: "completed",
    2: "dropout",
    3: "terminated",
    4: "transfer",
    5: "incarcerated",
    6: "death",
    7: "other",
}

STAY_BANDS = {31: (31, 45), 32: (46, 60), 33: (61, 90), 34: (91, 120), 35: (121, 180), 36: (181, 365), 37: (366, None)}
#: Shortest and longest stay in days that each code of LOS allows; code 37 has no upper bound.
STAY = {days: (days, days) for days in range(1, 31)} | STAY_BANDS

SUBSTANCE = {
    1: "none",
    2: "alcohol",
    3: "cocaine",
    4: "cannabis",
    5: "heroin",
    6: "non-prescription methadone",
    7: "other opiates",
    8: "PCP",
    9: "hallucinogens",
    10: "methamphetamine",
    11: "other amphetamines",
    12: "other stimulants",
    13: "benzodiazepines",
    14: "other tranquilizers",
    15: "barbiturates",
    16: "other sedatives",
    17: "inhalants",
    18: "over-the-counter",
    19: "other",
}
_GROUPS = {
    "opiates": (5, 6, 7),
    "hallucinogens": (8, 9),
    "stimulants": (10, 11, 12),
    "sedatives": (13, 14, 15, 16),
    "other": (17, 18, 19),
}
#: Opiates are 5 to 7 and stimulants 10 to 12, cocaine apart, as SAMHSA groups them; the rare ones are joined here.
SUBSTANCE_GROUP = {code: SUBSTANCE[code] for code in (1, 2, 3, 4)} | {
    c: g for g, codes in _GROUPS.items() for c in codes
}

DIAGNOSIS = {
    1: "alcohol-induced",
    2: "substance-induced",
    3: "alcohol intoxication",
    4: "alcohol dependence",
    5: "opioid dependence",
    6: "cocaine dependence",
    7: "cannabis dependence",
    8: "other dependence",
    9: "alcohol abuse",
    10: "cannabis abuse",
    11: "other abuse",
    12: "opioid abuse",
    13: "cocaine abuse",
    14: "anxiety",
    15: "depression",
    16: "psychosis",
    17: "bipolar",
    18: "attention or disruptive",
    19: "other mental",
}

#: Baseline covariate: raw column and labels of its codes.
COVARIATES = {
    "education": (
        "EDUC",
        {
            1: "grade 8 or less",
            2: "grades 9-11",
            3: "grade 12 or GED",
            4: "1-3 years of college",
            5: "4+ years of college",
        },
    ),
    "marital_status": ("MARSTAT", {1: "never married", 2: "married", 3: "separated", 4: "divorced or widowed"}),
    "employment": ("EMPLOY", {1: "full-time", 2: "part-time", 3: "unemployed", 4: "not in labour force"}),
    "housing": ("LIVARAG", {1: "homeless", 2: "dependent", 3: "independent"}),
    "income_source": (
        "PRIMINC",
        {1: "wages", 2: "public assistance", 3: "pension or disability", 4: "other", 5: "none"},
    ),
    "veteran": ("VET", YES_NO),
    "arrests_past_month": ("ARRESTS", {0: "none", 1: "one", 2: "two or more"}),
    "referral": (
        "PSOURCE",
        {
            1: "individual",
            2: "substance use provider",
            3: "other health care",
            4: "school",
            5: "employer",
            6: "other community",
            7: "criminal justice",
        },
    ),
    "prior_episodes": ("NOPRIOR", {0: "none", 1: "one or more"}),
    "waiting_time": ("DAYWAIT", {0: "0 days", 1: "1-7 days", 2: "8-14 days", 3: "15-30 days", 4: "31+ days"}),
    "primary_substance": ("SUB1", SUBSTANCE_GROUP),
    "primary_substance_detail": ("SUB1", SUBSTANCE),
    "secondary_substance": ("SUB2", SUBSTANCE_GROUP),
    "frequency_at_admission": ("FREQ1", DAYS_IN_MONTH_USED),
    "route": ("ROUTE1", {1: "oral", 2: "smoking", 3: "inhalation", 4: "injection", 5: "other"}),
    "age_at_first_use": (
        "FRSTUSE1",
        {1: "11 or younger", 2: "12-14", 3: "15-17", 4: "18-20", 5: "21-24", 6: "25-29", 7: "30 or older"},
    ),
    "injection": ("IDU", {0: "no", 1: "yes"}),
    "opioid_medication": ("METHUSE", YES_NO),
    "psychiatric_comorbidity": ("PSYPROB", YES_NO),
    "diagnosis": ("DSMCRIT", DIAGNOSIS),
    "insurance": ("HLTHINS", {1: "private", 2: "Medicaid", 3: "Medicare or other", 4: "none"}),
    "payer": (
        "PRIMPAY",
        {
            1: "self-pay",
            2: "private insurance",
            3: "Medicare",
            4: "Medicaid",
            5: "other government",
            6: "no charge",
            7: "other",
        },
    ),
    "self_help_at_admission": ("FREQ_ATND_SELF_HELP", SELF_HELP),
}

SUBSTANCES = ("SUB1", "SUB2", "SUB3")
ITEMS_AT_ADMISSION = {"FREQ1": 3, "FREQ2": 3, "FREQ3": 3, "FREQ_ATND_SELF_HELP": 5}
#: Items of the same name with _D, asked again at discharge.
ITEMS_AT_DISCHARGE = {f"{item}_D": highest for item, highest in ITEMS_AT_ADMISSION.items()}

#: FIPS code: state, census region, census division.
STATES = {
    code: (state, region, division)
    for region, divisions in {
        "Northeast": {
            "New England": {
                9: "Connecticut",
                23: "Maine",
                25: "Massachusetts",
                33: "New Hampshire",
                44: "Rhode Island",
                50: "Vermont",
            },
            "Middle Atlantic": {34: "New Jersey", 36: "New York", 42: "Pennsylvania"},
        },
        "Midwest": {
            "East North Central": {17: "Illinois", 18: "Indiana", 26: "Michigan", 39: "Ohio", 55: "Wisconsin"},
            "West North Central": {
                19: "Iowa",
                20: "Kansas",
                27: "Minnesota",
                29: "Missouri",
                31: "Nebraska",
                38: "North Dakota",
                46: "South Dakota",
            },
        },
        "South": {
            "South Atlantic": {
                10: "Delaware",
                11: "District of Columbia",
                12: "Florida",
                13: "Georgia",
                24: "Maryland",
                37: "North Carolina",
                45: "South Carolina",
                51: "Virginia",
                54: "West Virginia",
            },
            "East South Central": {1: "Alabama", 21: "Kentucky", 28: "Mississippi", 47: "Tennessee"},
            "West South Central": {5: "Arkansas", 22: "Louisiana", 40: "Oklahoma", 48: "Texas"},
        },
        "West": {
            "Mountain": {
                4: "Arizona",
                8: "Colorado",
                16: "Idaho",
                30: "Montana",
                32: "Nevada",
                35: "New Mexico",
                49: "Utah",
                56: "Wyoming",
            },
            "Pacific": {2: "Alaska", 6: "California", 15: "Hawaii", 41: "Oregon", 53: "Washington"},
        },
        "U.S. territories": {
            "U.S. territories": {
                60: "American Samoa",
                66: "Guam",
                69: "Northern Mariana Islands",
                72: "Puerto Rico",
                78: "Virgin Islands",
            }
        },
    }.items()
    for division, states in divisions.items()
    for code, state in states.items()
}

_LAYOUT_2023 = """
DISYR CASEID STFIPS EDUC MARSTAT SERVICES DETCRIM LOS PSOURCE NOPRIOR ARRESTS EMPLOY METHUSE PSYPROB PREG SEX VET
LIVARAG DAYWAIT SERVICES_D REASON EMPLOY_D LIVARAG_D ARRESTS_D DSMCRIT AGE RACE ETHNIC DETNLF DETNLF_D PRIMINC
SUB1 SUB2 SUB3 SUB1_D SUB2_D SUB3_D ROUTE1 ROUTE2 ROUTE3 FREQ1 FREQ2 FREQ3 FREQ1_D FREQ2_D FREQ3_D
FRSTUSE1 FRSTUSE2 FRSTUSE3 HLTHINS PRIMPAY FREQ_ATND_SELF_HELP FREQ_ATND_SELF_HELP_D
ALCFLG COKEFLG MARFLG HERFLG METHFLG OPSYNFLG PCPFLG HALLFLG MTHAMFLG AMPHFLG STIMFLG BENZFLG TRNQFLG BARBFLG
SEDHPFLG INHFLG OTCFLG OTHERFLG DIVISION REGION IDU ALCDRUG CBSA2020
"""
#: The 76 columns of the files since 2017 in their order, with the names they have in 2023.
LAYOUT = tuple(_LAYOUT_2023.split())

#: Columns of other years' files that are known and not used.
OTHER_COLUMNS = ("GENDER", "CBSA", "CBSA2010", "PMSA", "NUMSUBS", "YEAR", "SERVSETD")
