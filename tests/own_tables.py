"""A researcher's own files, as small as can be, and the study that reads them."""

from pathlib import Path

from iop_outcomes.study import STUDIES

STUDY = """
study: own
source: {kind: tables, path: own}
cohort:
  arms: {iop: {level_of_care: "2.1"}, outpatient: {level_of_care: "1"}}
covariates: [sex]
metrics: {completion: {}}
designs: {overlap: {method: overlap_weights}}
analyses:
  primary: {outcome: completion, design: overlap, estimator: aipw, measure: risk_difference}
"""

PERSON = "person_id,sex\np1,female\np2,male\n"
EPISODE = (
    "episode_id,person_id,assignment_day,level_of_care,discharge_reason\ne1,p1,0,2.1,completed\ne2,p2,0,1,dropout\n"
)


def write_own_tables(project: Path, study: str, **files: str | bytes | None) -> None:
    """Write the study, called ``own``, and its files into a project; a file given as None is left out."""
    (project / STUDIES / "own.yaml").write_text(study)
    (project / "own").mkdir(exist_ok=True)
    for name, content in ({"person": PERSON, "episode": EPISODE} | files).items():
        if content is not None:
            (project / "own" / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
