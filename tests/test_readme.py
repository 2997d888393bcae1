"""The README's first screen is true."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_first_code_block_is_the_two_commands():
    first = re.search(r"```\w*\n(.*?)```", README, flags=re.DOTALL).group(1)
    assert first.splitlines() == ["./run", "./run test"]
    assert (ROOT / "run").stat().st_mode & 0o111


def test_every_file_it_names_is_there():
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [name for name in linked if not (ROOT / name).exists()] == []


def test_the_analysts_example_runs():
    draw = np.random.default_rng(0)
    n = 400
    data = pd.DataFrame(
        {
            "arm": draw.choice(["iop", "outpatient"], n),
            "sex": draw.choice(["female", "male"], n),
            "age_band": draw.choice(["18-24", "25-34", "35 and over"], n),
            "completed": draw.integers(0, 2, n),
            "site": draw.choice(list("abcdefghijkl"), n),
        }
    )
    study, models = blocks("python")
    names = {"data": data, "days": draw.integers(1, 120, n), "ended": draw.integers(0, 3, n), "arm": data["arm"]}
    exec(compile(study.replace("iop.estimate(", "found = iop.estimate("), "README.md", "exec"), names)
    assert names["found"]["arm"].tolist() == ["iop", "iop", "outpatient"]
    exec(compile(models.replace("left.at(", "share = left.at("), "README.md", "exec"), names)
    assert names["share"]["incidence"].between(0, 1, inclusive="neither").all()
