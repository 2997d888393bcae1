"""Names of substances: which test is about which substance.

Sources name what was used and what was tested for differently: "methamphetamine" and the panel "amphetamine", "heroin"
and "opiates", "stimulants" and "cocaine". Two names are about one substance if they are the same, or aliases, or if one
of them names the whole class of the other.
"""

from dataclasses import dataclass

#: Substance of a report or test that does not tell substances apart.
ANY = "any"


def plain_name(name: str) -> str:
    """Return a name without capitals, underscores, hyphens and the plural's s."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split()).removesuffix("s")


@dataclass(frozen=True)
class SubstanceClass:
    """A class of substances: names of the whole class, and of its members, aliases of one substance together."""

    whole: frozenset[str]
    members: tuple[frozenset[str], ...] = ()


def _class(whole: str, *members: str) -> SubstanceClass:
    def names(text: str) -> frozenset[str]:
        return frozenset(map(plain_name, text.split(", ")))

    return SubstanceClass(names(whole), tuple(map(names, members)))


CLASSES = (
    _class("alcohol, ethanol, etoh, etg, ethyl glucuronide, peth"),
    _class("cannabis, cannabinoid, marijuana, thc, hashish"),
    _class(
        "opioid, opiate, other opioid, other opiate, non study opioid, narcotic",
        "heroin, morphine, codeine, 6 mam, 6 monoacetylmorphine",
        "fentanyl, norfentanyl",
        "oxycodone, oxycontin, oxymorphone",
        "hydrocodone, hydromorphone",
        "methadone, eddp, non prescription methadone",
        "buprenorphine, norbuprenorphine",
        "tramadol",
    ),
    _class(
        "stimulant, other stimulant",
        "amphetamine, methamphetamine, other amphetamine, methamphetamine/speed",
        "cocaine, crack, cocaine/crack, benzoylecgonine",
        "mdma, ecstasy",
        "methylphenidate",
    ),
    _class(
        "sedative, hypnotic, other sedative, sedative hypnotic, tranquilizer, other tranquilizer",
        "benzodiazepine, bzd, benzo",
        "barbiturate",
        "z drug, zolpidem",
    ),
    _class("hallucinogen, other hallucinogen", "lsd", "pcp, phencyclidine", "ketamine", "psilocybin"),
    _class("inhalant"),
)


def about_one(substance: str, test: str) -> bool:
    """Tell whether a test is about a substance.

    >>> about_one("Methamphetamine", "amphetamines"), about_one("heroin", "opioid"), about_one("cocaine", "amphetamine")
    (True, True, False)
    """
    one, other = plain_name(substance), plain_name(test)
    return one == other or any(_within(one, other, kind) for kind in CLASSES)


def _within(one: str, other: str, kind: SubstanceClass) -> bool:
    names = kind.whole.union(*kind.members)
    if one not in names or other not in names:
        return False
    return one in kind.whole or other in kind.whole or any({one, other} <= member for member in kind.members)
