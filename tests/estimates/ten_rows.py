"""Ten people with one binary covariate, on whom every adjusted estimator must give the stratified means."""

import numpy as np
import pandas as pd

from iop_outcomes.stats.linear.matrix import model_matrix

# Of four people with x = 1 three are in the first arm, of six with x = 0 two are.
X = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=float)
FIRST = np.array([1, 1, 1, 0, 1, 1, 0, 0, 0, 0], dtype=bool)
Y = np.array([1, 1, 0, 1, 1, 0, 0, 1, 0, 0], dtype=float)
SCORE = np.where(X == 1, 3 / 4, 2 / 6)
COVARIATES = model_matrix(pd.DataFrame({"x": X}), ["x"])

# First arm: 2/3 of x = 1 and 1/2 of x = 0; second arm: 1 of x = 1 and 1/4 of x = 0.
EVERYBODY = [(4 * 2 / 3 + 6 * 1 / 2) / 10, (4 * 1 + 6 * 1 / 4) / 10]
LIKE_THE_FIRST = [3 / 5, (3 * 1 + 2 * 1 / 4) / 5]
OVERLAP = [(4 * 3 / 16 * 2 / 3 + 6 * 2 / 9 * 1 / 2) / (4 * 3 / 16 + 6 * 2 / 9), 0.52]
