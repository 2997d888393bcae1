"""The data sets behind the oracles, prepared as their JSON files say."""

import pandas as pd

from reference import reference_data

SYNTHETIC_FACTORS = ["age_band", "race", "edu", "employ", "substance", "route", "freq", "referral", "insurance", "year"]


def prepared(name: str) -> pd.DataFrame:
    """Return one data set with arm ``a``, binary outcome ``y`` and continuous outcome ``yc``."""
    d = pd.read_csv(reference_data("oracles", "data", f"{name}.csv"))
    if name == "lalonde":
        d["race"] = pd.Categorical(d["race"], ["white", "black", "hispan"])
        return d.assign(a=d["treat"], y=(d["re78"] > 0).astype(int), yc=d["re78"])
    if name == "aod":
        d = d[d["treat"] != "scy"].reset_index(drop=True)
        return d.assign(a=(d["treat"] == "metcbt5").astype(int), y=(d["suf12"] > 0).astype(int), yc=d["suf12"])
    if name == "sud":
        d["subsgrps_n"] = pd.Categorical(d["subsgrps_n"])
        return d.assign(a=(d["treat"] == "A").astype(int), y=d["recov_6"], yc=d["eps7p_6"])
    d[SYNTHETIC_FACTORS] = d[SYNTHETIC_FACTORS].astype("category")
    return d.assign(a=d["iop"], y=d["completed"], yc=d["days_abst1"])
