"""Settings that sources with codes share, and the sentence where none of their codes is care that can be compared."""

from typing import Annotated

import pandas as pd
from pydantic import Field

from iop_outcomes.kernel.errors import SourceError, counted

Codes = dict[str, str | None]
Minutes = dict[str, Annotated[float, Field(gt=0, le=1440)]]


def no_care(kind: str, intake: pd.DataFrame) -> SourceError:
    """Return the refusal of a source that was read whole and in which nobody had care of the levels compared."""
    n = int(intake["n_in"].sum())
    return SourceError(
        f"{kind}: {counted(n, 'row was', 'rows were')} read, and none bears a code of outpatient or intensive "
        "outpatient treatment (H0015, S9480, 0905, 0906, H0004, H0005, ...); name the codes that stand for it under "
        "source.codes"
    )
