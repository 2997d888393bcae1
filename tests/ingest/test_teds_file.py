"""The generator of full-size TEDS-D files writes what the source accepts."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from iop_outcomes.kernel.registry import SOURCES
from reference import reference_data

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "teds_file.py"


@pytest.mark.oracle
def test_every_generated_record_is_accepted_and_the_shares_are_national(tmp_path):
    spec = importlib.util.spec_from_file_location("teds_file", SCRIPT)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    counts = generator.national_counts(reference_data("teds", "tedsd_national_marginals_2006_2020.csv"))
    drawn = generator.draw(counts, 20_000, np.random.default_rng(1))
    assert drawn.width == 76
    drawn.write_csv(tmp_path / "teds.csv")
    found = SOURCES["teds_d"](tmp_path, 1, path="teds.csv")
    assert found["intake"]["n_accepted"].tolist() == [20_000]
    shares = found["episode"]["level_of_care"].value_counts(normalize=True)
    # 2019: 235,640 and 878,381 of 1,722,503 admissions; the error of a share at 20,000 is 0.0035 at the most.
    assert shares["2.1"] == pytest.approx(0.1368, abs=0.012)
    assert shares["1"] == pytest.approx(0.5099, abs=0.012)
