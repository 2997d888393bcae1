"""What a docstring says of single names."""


def meanings(docstring: str) -> dict[str, str]:
    """Return what the first section of a docstring with names, as of attributes, says of each.

    Parameters
    ----------
    docstring : str
        In numpydoc form, without indentation.
    """
    found: dict[str, str] = {}
    names: list[str] = []
    section = docstring.partition("----------\n")[2].partition("\n\n")[0]
    for line in section.splitlines():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.partition(":")[0].split(",")]
        for name in names if line.startswith(" ") else ():
            found[name] = f"{found.get(name, '')} {line.strip()}".strip()
    return found
