"""The sources that methods may cite, and the BibTeX of those that were."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

import yaml

#: What of a study rests on which source, by the name of a design, an estimator, a check or a rule.
CITED_BY = {
    "ate_weights": ("rosenbaum1983",),
    "att_weights": ("rosenbaum1983",),
    "atc_weights": ("rosenbaum1983",),
    "overlap_weights": ("li2018",),
    "matching_weights": ("li2013",),
    "entropy_balance": ("hainmueller2012",),
    "entropy_balance_att": ("hainmueller2012",),
    "cbps": ("imai2014",),
    "cbps_att": ("imai2014",),
    "nearest_match": ("rosenbaum1983",),
    "subclass": ("rosenbaum1984",),
    "subclass_ate": ("rosenbaum1984",),
    "balance": ("austin2009",),
    "equipoise": ("walker2013",),
    "aipw": ("robins1994",),
    "tmle": ("vanderlaan2006",),
    "abadie_imbens": ("abadie2006",),
    "cox": ("cox1972",),
    "standardised_cox": ("cox1972",),
    "weighted_kaplan_meier": ("kaplan1958",),
    "rmst": ("royston2013",),
    "aalen_johansen": ("aalen1978",),
    "time_lost": ("aalen1978",),
    "fine_gray": ("fine1999",),
    "gee": ("liang1986",),
    "few_clusters": ("bell2002", "pustejovsky2018"),
    "holm": ("holm1979",),
    "e_value": ("vanderweele2017",),
    "hidden_bias": ("rosenbaum2002",),
    "missing_panel": ("rubin1987",),
    "negative_controls": ("schuemie2018",),
    "omitted_variable": ("cinelli2020",),
    "placebo": ("lipsitch2010",),
    "wild_bootstrap": ("cameron2008",),
    "snakemake": ("molder2021",),
}

_CITATION = re.compile(r"@([a-z]+\d{4})")


@dataclass(frozen=True)
class Reference:
    """One source.

    Attributes
    ----------
    key : str
        What text and BibTeX call it.
    kind : str
        ``article`` or ``book``.
    fields : dict of str to str
        BibTeX fields: author, title, year, journal or publisher, ...
    """

    key: str
    kind: str
    fields: dict[str, str]

    def bibtex(self) -> str:
        """Return its BibTeX entry."""
        lines = [f"  {name} = {{{value}}}," for name, value in self.fields.items()]
        return "\n".join([f"@{self.kind}{{{self.key},", *lines, "}"])

    def in_words(self) -> str:
        """Return it as a list of references has it."""
        given = self.fields
        where = given.get("journal") or given.get("publisher", "")
        volume = f" {given['volume']}" if "volume" in given else ""
        pages = f":{given['pages'].replace('--', '-')}" if "pages" in given else ""
        doi = f". doi:{given['doi']}" if "doi" in given else ""
        people = given["author"].replace(" and ", "; ")
        return f"{people} ({given['year']}). {given['title']}. {where}{volume}{pages}{doi}"


def used(paragraphs: Iterable[str]) -> list[Reference]:
    """Return the sources that paragraphs cite, each once, in the order of their keys."""
    known = _known()
    return [known[key] for key in sorted({key for text in paragraphs for key in _CITATION.findall(text)})]


def numbered(text: str, references: list[Reference]) -> str:
    """Return a paragraph whose citations are the numbers of a list of references."""
    place = {reference.key: str(number) for number, reference in enumerate(references, 1)}
    return re.sub(r"\[(@[^\]]+)\]", lambda m: f"[{', '.join(place[key] for key in _CITATION.findall(m[1]))}]", text)


def _known() -> dict[str, Reference]:
    text = (resources.files("iop_outcomes.release.manuscript") / "references.yaml").read_text(encoding="utf-8")
    entries = yaml.safe_load(text)
    return {
        key: Reference(key, entry.pop("kind", "article"), {name: str(value) for name, value in entry.items()})
        for key, entry in entries.items()
    }
