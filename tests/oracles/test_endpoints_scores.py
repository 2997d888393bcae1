"""All 62 columns equal those of CTNote 0.1.3, on real, published and synthetic words."""

import pandas as pd
import pytest

from iop_outcomes.endpoints import primitives, recodes, score, to_words
from iop_outcomes.endpoints.matrix import WeekMatrix, to_matrix
from reference import reference_data

FAMILY = "Urine endpoints"
TOLERANCE = 1e-9
#: What the names of the published columns begin with.
KINDS = {"Ab": "abstinence", "Rd": "reduction of use", "Rs": "relapse", "Dr": "dropout"}
WORDS = {"": "ctn0094", "shipped_": "shipped with CTNote", "synth_": "synthetic words"}


def words_and_values(name):
    table = pd.read_csv(reference_data("ctn0094", name), dtype={"usePatternUDS": str}, keep_default_na=False)
    return table["usePatternUDS"], table.drop(columns=["who", "usePatternUDS"]).astype(float)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", WORDS)
def test_every_column_equals_the_published_program(agree, kind):
    words, expected = words_and_values(f"oracle_ctnote_{kind}open.csv.gz")
    ours = score(words, mode="ctnote")
    assert set(ours) == set(expected)
    assert expected.notna().all(axis=None)
    for about, name in KINDS.items():
        columns = [column for column in expected if column.startswith(about)]
        method = f"CTNote, {name}, {len(columns)} columns"
        agree(method, ours[columns], expected[columns], rel=TOLERANCE, scale=1, data=WORDS[kind])


@pytest.mark.oracle
def test_the_default_mode_departs_only_where_the_catalogue_says_so():
    words, expected = words_and_values("oracle_ctnote_open.csv.gz")
    ours = score(words)[expected.columns]
    differs = ours.notna() & ((ours - expected).abs() > TOLERANCE)
    assert set(differs.columns[differs.any()]) == {"Rd_lingA_1976", "Rd_strain_1994", "Rd_strain_1999"}
    assert (words[differs["Rd_lingA_1976"]].str.len() < 15).all()
    without_value = ours.isna().any(axis=1)
    not_seen_from_week_six = ~words.str[5:15].str.contains(r"[-+*]")
    assert (without_value == not_seen_from_week_six).all()


PRIMITIVES = {
    "retention": primitives.retention,
    "longest_neg_bin": lambda words: primitives.longest_run(recodes.bin_(words), "-"),
    "longest_nonpos_raw": lambda words: primitives.longest_run(words, "-*o"),
    "n_neg": lambda words: primitives.count(words, "-"),
    "n_pos": lambda words: primitives.count(words, "+"),
    "n_miss": lambda words: primitives.count(words, "o"),
    "n_mixed": lambda words: primitives.count(words, "*"),
    "prop_neg_mixed_half": lambda words: primitives.share(words, "-"),
    "n_neg_to_pos": lambda words: primitives.transitions(words, "-", "+"),
    "win4t3_pos_bin_time": lambda words: primitives.first_window(recodes.bin_(words), 4, 3)[0],
    "win4t3_pos_bin_event": lambda words: primitives.first_window(recodes.bin_(words), 4, 3)[1],
    "win4t3_pos_bin_time_offset0": lambda words: primitives.first_window(recodes.bin_(words), 4, 3, offset=0)[0],
    "first_neg_time": lambda words: primitives.first_window(words, 1, 1, "-")[0],
    "first_neg_event": lambda words: primitives.first_window(words, 1, 1, "-")[1],
    "ling_default": primitives.general_index,
}

IMPUTED = {
    "imp_locf": recodes.locf,
    "imp_locfD": recodes.locf_d,
    "imp_mode": recodes.mode,
    "imp_mode_tieneg": lambda words: recodes.mode(words, tiebreaker="-"),
    "imp_kNV1": recodes.knv,
}


@pytest.fixture(scope="module")
def primitive_values():
    path = reference_data("ctn0094", "oracle_primitives_open.csv.gz")
    return pd.read_csv(path, dtype={name: str for name in ("usePatternUDS", *IMPUTED)}, keep_default_na=False)


@pytest.mark.oracle
def test_every_primitive_equals_the_published_program(agree, primitive_values):
    words = WeekMatrix.from_codes(to_matrix(primitive_values["usePatternUDS"]))
    for name, primitive in PRIMITIVES.items():
        agree(
            "CTNote, 15 building blocks",
            primitive(words),
            primitive_values[name],
            rel=TOLERANCE,
            scale=1,
            data="all words",
        )


@pytest.mark.oracle
def test_every_imputed_word_equals_the_published_program(primitive_values):
    words = WeekMatrix.from_codes(to_matrix(primitive_values["usePatternUDS"]))
    for name, recode in IMPUTED.items():
        assert (to_words(recode(words).codes.T) == primitive_values[name].to_numpy()).all(), name
    covered = {*PRIMITIVES, *IMPUTED, "set", "who", "usePatternUDS"}
    assert covered == set(primitive_values)
