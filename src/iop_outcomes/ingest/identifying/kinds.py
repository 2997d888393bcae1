"""The eighteen identifiers of the Safe Harbor rule (45 CFR 164.514(b)(2)(i)), by names of columns and looks of cells.

Names are held against the plain form of a column's name, in which ``_`` is a blank: English words and the commonest
Spanish, Portuguese and German ones. Looks are held against whole cells, or found inside them where that alone is
telling.
"""

from dataclasses import dataclass

DATES = "a date more exact than its year"
TEXT = "free text, in which anything may stand"
OTHER = "a number or code that only one person has"
AGES = "ages over 89"
PLACES = "a place smaller than a state"


@dataclass(frozen=True)
class Kind:
    """One of the identifiers.

    Attributes
    ----------
    words : str
        What it is called in sentences.
    letter : str
        Its place in the rule, (A) to (R).
    name : str
        Regular expression that is found in names of such columns; empty where no name says it.
    look : str
        Regular expression that is found in such cells; empty where they look like nothing of their own.
    alone : bool
        Is one such cell enough? Otherwise most cells of a column must look so.
    by_name : bool
        Is the name enough to keep a column of few codes out of the tables, too?
    """

    words: str
    letter: str
    name: str = ""
    look: str = ""
    alone: bool = True
    by_name: bool = False


_WORD = r"[^\W\d_]+(?:[-' ][^\W\d_]+)*"

#: In the order in which a column is asked; the first that fits is told.
KINDS: tuple[Kind, ...] = (
    Kind("e-mail addresses", "F", r"\be ?-?mail|correo", r"[^\s@]+@[^\s@]+\.[a-zA-Z]{2,}"),
    Kind("web addresses", "N", r"\burl\b|web ?(site|page)|facebook|instagram|linkedin", r"(?i)https?://|\bwww\.\w"),
    Kind("network addresses (IP)", "O", r"\bip\b( address)?", r"^\d{1,3}(?:\.\d{1,3}){3}$"),
    Kind("Social Security numbers", "G", r"\bssn\b|social sec|\bss ?#|\bcpf\b", r"\b\d{3}-\d{2}-\d{4}\b"),
    Kind("fax numbers", "E", r"\bfax\b"),
    Kind(
        "telephone numbers",
        "D",
        r"\b(tele)?phone\b|\btel\b|\bmobile( (no|number|phone)|$)|\bcell( (no|number|phone)|$)|telefon|\bhandy\b|movil|"
        r"celular",
        r"(?:^|[^\d.])(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?:\D|$)",
    ),
    Kind(
        "names of people",
        "A",
        r"\b(first|last|middle|given|family|maiden|preferred|full|client|patient|participant|legal|contact|mother'?s?|"
        r"father'?s?|counsell?or|therapist|clinician) ?name\b|^name$|^(f|l)name$|\bsurname\b|\binitials\b|\balias\b|"
        r"next of kin|emergency contact|\bnombre\b|\bapellidos?\b|^nome\b|\bsobrenome\b|"
        r"\bvorname\b|\bnachname\b|\bfamilienname\b",
        rf"^{_WORD}, {_WORD}\.?$",
        alone=False,
    ),
    Kind(
        PLACES,
        "B",
        r"\bzip\b|zip ?code|postal|post ?code|\bplz\b|\bstreet\b|\bstra(ss|ß)e\b|\bcalle\b|address|\baddr\b|adresse|"
        r"direccion|endere[çc]o|\bcep\b|\bbairro\b|\bcity\b|\btown\b|\bciudad\b|\bwohnort\b|\bcounty\b|precinct|"
        r"census tract|latitude|longitude|"
        r"geocode",
        r"^(?:0\d{4}|\d{5}-\d{4})$|(?i)^\d+ (?:\w+\.? ){1,4}(?:st|street|ave|avenue|rd|road|blvd|lane|ln|drive|dr)\b",
        by_name=True,
    ),
    Kind(
        DATES,
        "C",
        r"\bdate\b|\bdob\b|\bbirth|\bborn\b|\bdos\b|\bfecha\b|\bdatum\b|geburt|nacimiento|nascimento|\bdata d[aeo]\b",
        r"^(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{1,2}[- ][A-Za-z]{3,9}\.?[- ]\d{2,4}|"
        r"[A-Za-z]{3,9}\.? \d{1,2}, \d{4}|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[T ].*)?$",
    ),
    Kind(
        "vehicle numbers",
        "L",
        r"\bvin\b|licen[cs]e plate|\bplate\b|\bvehicle",
        r"^[A-HJ-NPR-Z0-9]{17}$",
        alone=False,
    ),
    Kind(
        "health plan numbers",
        "I",
        r"\b(member|subscriber|beneficiary|insurance|medicaid|medicare|policy)( ?((id|no|number|num)\b|#))|\bmbi\b|"
        r"\bhicn\b|versichert\w*nummer",
    ),
    Kind("account numbers", "J", r"\b(account|acct|invoice|claim|iban|konto)( ?(id|no|number|num|#))?$|\biban\b"),
    Kind(
        "licence and certificate numbers",
        "K",
        r"licen[cs]e ?((id|no|number|num)\b|#)|\bdriver|passport|certificate|\bdl ?#",
    ),
    Kind("device numbers", "M", r"\bdevice ?(id|no|number|#)|\bserial|\bimei\b|\budi\b|\bmac address"),
    Kind("fingerprints and other biometrics", "P", r"finger ?print|biometric|retina|voice ?print|\bdna sample"),
    Kind("photographs", "Q", r"\bphoto|\bpicture\b|face image", r"(?i)\.(?:jpe?g|png|heic)$"),
    Kind(
        "medical record numbers",
        "H",
        r"\bmrn\b|medical rec|\b(chart|hospital|patient|client|person|participant|consumer|paciente|patienten)"
        r" ?((id|no|nr|number|num|nummer)\b|#)|^(patient|client|chart|paciente|cliente|klient|kunde)$|"
        r"\bn[\w.º°]* (de )?historia|expediente|prontu[áa]rio|\b(klient|patient|fall)\w*(nr|nummer)\b",
        r"(?i)^mrn\W*\d+$",
    ),
)

#: Names of columns that hold sentences of somebody's own, and of those that hold ages.
TEXT_NAME = r"\bnotes?\b|comment|narrative|remarks?\b|bemerkung|observacion|progress|description|chief complaint"
AGE_NAME = r"\bage\b|\bedad\b|\bidade\b|\balter\b"
