"""One example for every section of a study file, as the page shows it; each is tried as a part of a whole study."""

EXAMPLES = {
    "source": """
source: {kind: simulated, n_people: 4000, n_sites: 40, true_effect: benefit}
""",
    "cohort": """
cohort:
  arms:
    iop: {level_of_care: "2.1"}
    outpatient: {level_of_care: "1"}
  time_zero: assignment
  eligibility: [adult, no_intensive_care_in_prior_60_days]
  follow_up_days: 180
""",
    "care": """
care: {gap_days: 30, dated: last_contact}
""",
    "covariates": """
covariates: [age_band, sex, employment, {spline: use_days_at_baseline, df: 3}]
""",
    "merge": """
merge:
  employment: {working: [full time, part time]}
""",
    "events": """
events:
  transfer: {care: composite}
  death: {use: excluded}
""",
    "metrics": """
metrics:
  completion: {}
  abstinence_at_end: {window_days: 84, missing: positive}
  retention_90: {metric: retention, day: 90}
""",
    "designs": """
designs:
  overlap: {method: overlap_weights}
  everybody: {method: ate_weights}
""",
    "analyses": """
analyses:
  primary: {outcome: abstinence_at_end, design: overlap, estimator: aipw, measure: [risk_difference, risk_ratio]}
  completing: {outcome: completion, design: overlap, estimator: weighted, measure: risk_difference, margin: 0.1}
""",
    "sensitivity": """
sensitivity: [e_value, leave_one_site_out]
""",
    "gate": """
gate:
  max_smd: 0.1
  on_failure: withhold
  override: {primary: the arms differ in age only; agreed by both statisticians before outcomes were seen}
""",
    "release": """
release:
  min_cell: 11
  round_to: 5
  tables: {outcomes: {min_cell: 20}}
  print_figures: [forest_plot, retention_curves]
""",
    "claims": """
claims:
  - {claim: IOP leads to more abstinence than outpatient care, analysis: primary}
""",
    "simulate": """
simulate:
  replicates: 200
  worlds: {none: {true_effect: none}, benefit: {true_effect: benefit}}
""",
    "subgroups": """
subgroups:
  analyses: [primary]
  by:
    work: {column: employment, levels: {employed: [full time, part time]}}
    heavy_use: {column: use_days_at_baseline, cut: [15]}
""",
    "heterogeneity": """
heterogeneity: {analysis: primary, folds: 5, groups: 3}
""",
    "specifications": """
specifications:
  outcomes: [abstinence_observed]
  time_zero: [admission]
  estimators: [weighted, aipw]
  trimming: {scores: {trim: 0.05}, weights: {truncate: 0.99}}
""",
    "participation": """
participation:
  outcome: abstinence_observed
  weeks: 12
  strategies:
    nine_hours: {least_hours: 9, grace_weeks: 2, lapses_allowed: 1}
    fewer: {below_hours: 9}
  landmark: {weeks: 4, least_hours: 9}
  hours: {high: 9, low: 2}
""",
    "components": """
metrics: {completion: {}, abstinence_at_end: {}, weekly_hours: {}, attendance_rate: {}}
components:
  of: {structure: [weekly_hours], flexibility: [attendance_rate]}
  by: [employment]
  outcome: completion
""",
    "costs": """
costs: {analysis: primary, worth: 20000, perspectives: {payer: [payer, program]}}
""",
    "target_trial": """
target_trial:
  eligibility: Adults with a substance use disorder who begin outpatient care of either kind
  assignment: By chance, within site
""",
}
