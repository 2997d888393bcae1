"""What a release remembers of those before it, so that two of them together tell of nobody.

Beside the release folder, never in it, lie the key by which counts are rounded and, for every release, keyed digests
of the people who were counted and of their records (:mod:`iop_outcomes.release.records`), and its tables. Two releases
whose people, or cells, differ by a few give those away: whoever has both subtracts.
"""

from collections.abc import Collection, Mapping
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from iop_outcomes.kernel.errors import DisclosureError, counted
from iop_outcomes.release.attack import attack_as_one, attack_two
from iop_outcomes.release.attack.reading import PAGE, texts_of
from iop_outcomes.release.disclosure import ReleaseRules, write_bytes
from iop_outcomes.tables.lookup import among

#: Folder beside the release, and what lies in it: the key, people released, tables released, and people's records.
FOLDER, KEY, PEOPLE, TABLES, RECORDS = "disclosure", "key", "released.csv", "released", "records"
#: Tables that nobody outside has, of which the key is made.
_SECRET = ("cohort", "covariates", "outcomes", "attrition")
_COLUMNS = ["release", "arm", "person"]


def inside(out: Path) -> Path:
    """Return the folder of working results that goes with a release folder."""
    return out.absolute().with_name(FOLDER)


def key(folder: Path, tables: Mapping[str, pd.DataFrame]) -> bytes:
    """Return the secret by which counts of a study are rounded: that of its first release, made of its records.

    As it is made of the records, the same records give the same release on any machine; as it is kept, people who were
    counted before are rounded as they were. Nobody who lacks the records can make it.
    """
    file = folder / KEY
    if file.is_file():
        return bytes.fromhex(file.read_text(encoding="ascii").strip())
    digest = blake2b(digest_size=32)
    for name in _SECRET:
        table = tables.get(name)
        if table is not None and len(table):
            texts = table.apply(_as_text)
            # What repeats is a category by now, and the ids that are left are different: not sorted out once more.
            hashed = pd.util.hash_pandas_object(texts, index=False, categorize=False)
            digest.update(hashed.to_numpy().tobytes())
    write_bytes(digest.hexdigest().encode("ascii"), file)
    return digest.digest()


def _as_text(values: pd.Series) -> pd.Series:
    """Return values as text, each different one made once, by a code in every row; such are hashed as text is."""
    if values.dtype == "str":
        return values
    code, different = pd.factorize(values)
    same, texts = pd.factorize(pd.Series(different).astype("str"))
    code = np.append(same, -1)[code]
    return pd.Series(pd.Categorical.from_codes(code, texts), index=values.index)


def people(cohort: pd.DataFrame | None, secret: bytes) -> pd.DataFrame:
    """Return a keyed digest of every person of each arm, and of the release, the digest of them all."""
    if cohort is None or cohort.empty:
        return pd.DataFrame(columns=_COLUMNS)
    whom = cohort["person_id" if "person_id" in cohort else "member_id"].astype("str").to_numpy(object)
    keyed = blake2b(key=secret, digest_size=8)
    # As numbers, which sort as their digits do: a million texts are slow to hold against each other.
    digests = np.frombuffer(b"".join([_digest(keyed, one) for one in whom]), dtype=">u8").astype(np.uint64)
    arm, arms = pd.factorize(cohort["arm"].astype("str").to_numpy(object), sort=True)
    of_arm = [_digits(_different(digests[arm == code])) for code in range(len(arms))]
    whole = keyed.copy()
    whole.update(b"arm,person\n")
    for name, some in zip(arms, of_arm, strict=True):
        whole.update(_lines(_cell(name), some))
    person = pd.Series(pd.array(pa.array(np.concatenate(of_arm)).cast(pa.large_string()), dtype="str"))
    named = np.repeat(np.asarray(arms, dtype=object), [len(some) for some in of_arm])
    return pd.DataFrame({"release": whole.hexdigest(), "arm": pd.Series(named, dtype="str"), "person": person})


def _digest(keyed: blake2b, one: str) -> bytes:
    own = keyed.copy()
    own.update(one.encode())
    return own.digest()


def _different(numbers: np.ndarray) -> np.ndarray:
    """Return every number once, in order: by sorting, a tenth of the time of ``np.unique``, which counts by hashes."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _digits(numbers: np.ndarray) -> np.ndarray:
    """Return numbers of eight bytes as sixteen hexadecimal digits each."""
    return np.frombuffer(numbers.astype(">u8").tobytes().hex().encode("ascii"), dtype="S16")


def _lines(before: bytes, cells: np.ndarray) -> bytes:
    """Return a line of CSV for each cell, the same cells before it."""
    return b"".join([before + b",", (b"\n" + before + b",").join(cells.tolist()), b"\n"]) if len(cells) else b""


def _cell(text: str) -> bytes:
    """Return a text as it stands in a CSV file."""
    return pd.Series([text]).to_csv(index=False, header=False, lineterminator="\n").rstrip("\n").encode()


def refuse_few(now: pd.DataFrame, folder: Path, rules: ReleaseRules) -> None:
    """Refuse a release whose people differ from those of an earlier one by so few that both together show them.

    Raises
    ------
    DisclosureError
        Fewer than ``min_cell`` people, but somebody, joined or left an arm.
    """
    for name, before in _remembered(folder).groupby("release", sort=False):
        if len(now) and name == now["release"].iloc[0]:
            continue
        for arm in dict.fromkeys([*now["arm"].unique(), *before["arm"].unique()]):
            those, these = (table.loc[table["arm"] == arm, "person"] for table in (before, now))
            stayed = int(among(these, those).sum())
            for moved, what in ((len(these) - stayed, "more"), (len(those) - stayed, "fewer")):
                if rules.small(moved):
                    raise DisclosureError(
                        f"the arm '{arm}' has 1 to {rules.min_cell - 1} people {what} than in an earlier release of "
                        "this study, and whoever has both could tell them by the difference; release again when "
                        f"{counted(rules.min_cell, 'person', 'people')} or more have changed, or, {forget(folder)}"
                    )


def refuse_cells(release: Path, folder: Path, rules: ReleaseRules) -> None:
    """Refuse a release that tells, with an earlier one, of a cell that a few people more or fewer stand in it.

    Many may have joined of whom a few are of one level; or one record was mended, and the people are the same.

    Parameters
    ----------
    release : path
        The release that was built and is not yet in its place.
    folder : path
        Where earlier ones are remembered.
    rules : ReleaseRules
        Of the release.

    Raises
    ------
    DisclosureError
        Names the first cells and never how many people they are apart.
    """
    told = _tables(release)
    for before in sorted((folder / TABLES).glob("*")):
        if _tables(before) == told:
            continue
        found = attack_two(release, before, rules)
        if found:
            raise DisclosureError(
                f"{counted(len(found), 'cell')} of this release ({'; '.join(found[:3])}) would differ from an earlier "
                f"one by 1 to {rules.min_cell - 1} people, and whoever has both could tell them by the difference; "
                "raise release.round_to, merge small levels, release again when more people have joined, or, "
                f"{forget(folder)}"
            )


def refuse_together(release: Path, folder: Path, rules: ReleaseRules, changed: Mapping[str, Collection[str]]) -> None:
    """Refuse a release that tells a small count together with earlier ones of the same people.

    A count that one of them hides for a small one's sake may be shown, or follow, in another.

    Parameters
    ----------
    release : path
        The release that was built and is not yet in its place.
    folder : path
        Where earlier ones are remembered.
    rules : ReleaseRules
        Of the release.
    changed : mapping of str to collection of str
        By records of earlier releases of the same people, the columns that mean something else or have other values.

    Raises
    ------
    DisclosureError
        Names the first cells and never how many people they are.
    """
    told = _tables(release)
    before = [place for place in sorted((folder / TABLES).glob("*")) if _tables(place) != told]
    same = [(place, changed[own]) for place in before if (own := _records_of(place)) in changed]
    found = attack_as_one(release, same, rules) if same else []
    if found:
        raise DisclosureError(
            f"{counted(len(found), 'small count')} ({'; '.join(found[:3])}) could be worked out from this release "
            "beside earlier ones of the same people, which hide other counts; ask for the same breakdowns, covariates "
            f"and outcomes as they did, merge the small levels that are named, or, {forget(folder)}"
        )


def forget(folder: Path) -> str:
    """Return what to delete where nothing has left the building, for the end of a sentence."""
    kept = ", ".join(f"{folder.name}/{name}" for name in (PEOPLE, TABLES, RECORDS))
    return f"if no earlier release has left the building, delete {kept} beside the release folder"


def remember_tables(release: Path, folder: Path, of: str = "") -> None:
    """Keep the tables and sentences of a release, which are no secret; the same ones are kept once.

    ``of`` names the records that it was made of.
    """
    told = _tables(release)
    if any(_tables(before) == told for before in (folder / TABLES).glob("*")):
        return
    place = folder / TABLES / blake2b(repr(sorted(told.items())).encode(), digest_size=8).hexdigest()
    for name, text in told.items():
        write_bytes(text.encode("utf-8"), place / "tables" / name)
    write_bytes(texts_of(release)[PAGE].encode("utf-8"), place / PAGE)
    write_bytes(of.encode("ascii"), place / RECORDS)


def _records_of(place: Path) -> str:
    file = place / RECORDS
    return file.read_text(encoding="ascii") if file.is_file() else ""


def _tables(release: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in sorted((release / "tables").glob("*.csv"))}


def remember(now: pd.DataFrame, folder: Path) -> None:
    """Add the people of a release to those remembered; the same people are remembered once."""
    if not len(now):
        return
    file, release = folder / PEOPLE, str(now["release"].iloc[0]).encode()
    before = file.read_bytes() if file.is_file() else ",".join(_COLUMNS).encode() + b"\n"
    if b"\n" + release + b"," not in before:
        # Lines are put behind those there are: millions of people are read and written as text at once.
        added = [
            _lines(release + b"," + _cell(arm), people.to_numpy("S16")) for arm, people in now.groupby("arm")["person"]
        ]
        write_bytes(before + b"".join(added), file)


def _remembered(folder: Path) -> pd.DataFrame:
    file = folder / PEOPLE
    if not file.is_file():
        return pd.DataFrame(columns=_COLUMNS)
    return pd.read_csv(file, dtype="str", keep_default_na=False, engine="pyarrow")
