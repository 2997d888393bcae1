"""Attack releases as a stranger would: of studies as they are, of studies crafted to break one, and of two at once.

    nice python benchmarks/attacks.py --studies demo teds_d ctn0094 --apart 40

``--worlds`` attacks the demo where IOP does nothing, and where it does harm.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import yaml
from reliability import ROOT, Row, note

from crafted import CRAFTED
from iop_outcomes.in_memory import run_study
from iop_outcomes.kernel.errors import DisclosureError
from iop_outcomes.release.attack import attack_release, attack_two
from iop_outcomes.release.disclosure.utility import REPORT, in_words
from iop_outcomes.release.predecessors import FOLDER
from iop_outcomes.release.stage import build
from iop_outcomes.road import load_study
from iop_outcomes.study import Study
from report_tables import attrition, balance, study, tables

#: Of the demo's people so many are compared by matching, with counts as they are.
MATCHED = {
    "source": {"kind": "simulated", "n_people": 400, "n_sites": 4, "true_effect": "benefit"},
    "describe_by": ["sex", "employment"],
    "designs": {"matched": {"method": "nearest_match"}},
    "analyses": {
        "primary": {"outcome": "completion", "design": "matched", "estimator": "weighted", "measure": "risk_difference"}
    },
    "claims": [],
    "gate": {"max_smd": 1.0, "min_equipoise": 0.0, "min_ess": 1, "on_failure": "flag"},
    "release": {"min_cell": 11, "round_to": 1},
}
SIZES = (95, 105)


def attacked(name: str, own: Study, made: dict[str, pd.DataFrame]) -> Row:
    """Release a study and attack the files."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "release")
        build(own, made, out)
        found = attack_release(out)
        useful = in_words(pd.read_csv(Path(folder, FOLDER, REPORT)))
    unread = f"; read apart: {', '.join(found.unread)}" if found.unread else ""
    return Row(name, found.tried, len(found.opened), f"{useful}{unread}")


def of_demo(**changes: object) -> Study:
    """Return the demo with parts of its file changed."""
    content = yaml.safe_load((ROOT / "workflow" / "studies" / "demo.yaml").read_text(encoding="utf-8"))
    return load_study(content | changes)


def crafted(round_to: int) -> Row:
    """Attack every study that was made to break a release."""
    rows = [attacked(one.name, one.study(round_to), one.made()) for one in CRAFTED]
    name = f"{len(rows)} crafted studies, counts " + ("exact" if round_to == 1 else f"rounded to {round_to}")
    return Row(
        name, sum(row.n for row in rows), sum(row.failed for row in rows), ", ".join(one.name for one in CRAFTED)
    )


def one_person_apart(n: int) -> list[Row]:
    """Leave out a person, each time another: what one folder says of it, and what two folders tell together."""
    own, whole = study(release={"min_cell": 11, "round_to": 5}), tables(n=SIZES)
    beside, opened = 0, 0
    for person in whole["cohort"]["member_id"].iloc[:: max(1, sum(SIZES) // n)][:n]:
        fewer = without(person, whole)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            build(own, whole, folder / "one" / "release")
            build(own, fewer, folder / "two" / "release")
            opened += bool(attack_two(folder / "two" / "release", folder / "one" / "release"))
            beside += not _refused(lambda out=folder / "one" / "release", fewer=fewer: build(own, fewer, out))
    return [
        Row("two releases of one folder, a person apart: pairs", n, beside, f"{n - beside} refused in one sentence"),
        Row("two releases of two folders, a person apart: pairs", n, opened, "of all counts of each pair"),
    ]


def without(person: str, whole: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables without a person, whose levels and steps count one fewer as well."""
    left = {k: t[t["member_id"] != person].reset_index(drop=True) if "member_id" in t else t for k, t in whole.items()}
    arms = list(left["cohort"]["arm"].cat.categories)
    return left | {"balance": balance(left["covariates"], arms), "attrition": attrition(left["cohort"])}


def _refused(call: Callable[[], None]) -> bool:
    try:
        call()
    except DisclosureError:
        return True
    return False


def main() -> None:
    """Attack, and note what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", nargs="*", default=["demo"], help="names of studies whose raw data are here")
    parser.add_argument("--worlds", action="store_true", help="the demo where IOP does nothing, and harm; and matched")
    parser.add_argument("--crafted", nargs="*", type=int, help="round counts to these (1 and 5, if nothing is said)")
    parser.add_argument("--apart", type=int, default=0, help="pairs of releases a person apart")
    asked = parser.parse_args()
    said = [f"--studies {' '.join(asked.studies)}".strip() if asked.studies else "--studies"]
    said += ["--worlds"] if asked.worlds else []
    said += [" ".join(["--crafted", *map(str, asked.crafted)])] if asked.crafted is not None else []
    how = " ".join(["benchmarks/attacks.py", *said, *([f"--apart {asked.apart}"] if asked.apart else [])])
    for name in asked.studies:
        own = load_study(name)
        note("attacks", how, [attacked(f"study `{name}`", own, run_study(own))])
    if asked.worlds:
        source = {"kind": "simulated", "n_people": 4000, "n_sites": 40}
        for effect, does in (("none", "nothing"), ("harm", "harm")):
            own = of_demo(source=source | {"true_effect": effect})
            note("attacks", how, [attacked(f"the demo where IOP does {does}", own, run_study(own))])
        own = of_demo(**MATCHED)
        note("attacks", how, [attacked("400 people matched, by sex and employment, counts exact", own, run_study(own))])
    if asked.crafted is not None:
        for round_to in asked.crafted or (1, 5):
            note("attacks", how, [crafted(round_to)])
    if asked.apart:
        note("attacks", how, one_person_apart(asked.apart))


if __name__ == "__main__":
    main()
