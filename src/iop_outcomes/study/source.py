"""The section ``source``: where the raw data come from."""

from iop_outcomes.kernel.section import OpenSection


class Source(OpenSection):
    """Where the raw data come from; the other keys are the settings of that kind of source.

    Attributes
    ----------
    kind : str
        The source; its settings stand on the page of plug-ins.
    """

    kind: str
