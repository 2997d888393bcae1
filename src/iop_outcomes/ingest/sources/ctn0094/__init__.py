"""CTN-0094: three randomised trials of opioid treatment, from the tables of public.ctn0094data."""
