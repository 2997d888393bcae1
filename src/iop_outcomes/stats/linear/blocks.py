"""Two ways to hold columns of a model matrix: as codes into a small table of distinct rows, or as plain numbers.

A handful of categorical covariates has few distinct rows, so a block of them is a table of those rows (K x p) and one
code per person. Every product a fit needs is then one pass of ``bincount`` or of a gather over n codes, followed by
arithmetic on the small table, and several covariates share a pass. Measured at 200,000 rows x 161 columns, X'diag(d)X
takes 0.02 s this way, 0.13 s with one pass per pair of covariates, 0.18 s with dense BLAS, 0.30 s with tabmat.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

LARGEST_GROUPED_TABLE = 4_000_000


@dataclass(frozen=True)
class CodedBlock:
    """Columns whose rows repeat: row i of the block is ``table[codes[i]]``."""

    columns: np.ndarray
    table: np.ndarray
    codes: np.ndarray

    @property
    def is_constant(self):
        """Whether all rows are one, as those of an intercept among numbers: a sum then takes the place of a count."""
        return len(self.table) == 1

    def matvec(self, coefficients):
        per_row = self.table @ coefficients
        return np.full(len(self.codes), per_row[0]) if self.is_constant else per_row[self.codes]

    def transpose_matvec(self, values):
        if self.is_constant:
            return values.sum() * self.table[0]
        return np.bincount(self.codes, weights=values, minlength=len(self.table)) @ self.table

    def dense(self):
        return self.table[self.codes]

    def rows(self, selection):
        return CodedBlock(self.columns, self.table, self.codes[selection])

    def group_sums(self, values, groups, n_groups):
        size = len(self.table)
        if n_groups * size > LARGEST_GROUPED_TABLE:
            return DenseBlock(self.columns, self.dense()).group_sums(values, groups, n_groups)
        cells = np.bincount(groups.astype(np.intp) * size + self.codes, weights=values, minlength=n_groups * size)
        return cells.reshape(n_groups, size) @ self.table

    @cached_property
    def moments(self):
        """Mean and standard deviation of each column."""
        share = np.bincount(self.codes, minlength=len(self.table)) / max(len(self.codes), 1)
        mean = share @ self.table
        return mean, np.sqrt(share @ (self.table - mean) ** 2)

    def moved(self, centre, unit):
        return CodedBlock(self.columns, (self.table - centre) / unit, self.codes)


@dataclass(frozen=True)
class DenseBlock:
    """Columns of plain numbers, n x p."""

    columns: np.ndarray
    values: np.ndarray

    def matvec(self, coefficients):
        return self.values @ coefficients

    def transpose_matvec(self, values):
        return values @ self.values

    def dense(self):
        return self.values

    def rows(self, selection):
        return DenseBlock(self.columns, self.values[selection])

    def group_sums(self, values, groups, n_groups):
        sums = [np.bincount(groups, weights=values * column, minlength=n_groups) for column in self.values.T]
        return np.column_stack(sums)

    @cached_property
    def moments(self):
        """Mean and standard deviation of each column."""
        mean = self.values.mean(axis=0)
        return mean, self.values.std(axis=0, mean=mean[None])

    def moved(self, centre, unit):
        return DenseBlock(self.columns, (self.values - centre) / unit)


Block = CodedBlock | DenseBlock


def cross_product(left: Block, right: Block, weights: np.ndarray) -> np.ndarray:
    """Return ``left' diag(weights) right`` for two blocks over the same rows.

    Parameters
    ----------
    left, right : CodedBlock or DenseBlock
        Blocks of n rows with p and q columns.
    weights : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (p, q)
    """
    if isinstance(left, DenseBlock):
        if isinstance(right, CodedBlock):
            return cross_product(right, left, weights).T
        return left.values.T @ (weights[:, None] * right.values)
    size = len(left.table)
    if isinstance(right, DenseBlock):
        if left.is_constant:
            return left.table.T @ (weights @ right.values)[None]
        sums = [np.bincount(left.codes, weights=weights * column, minlength=size) for column in right.values.T]
        return left.table.T @ np.column_stack(sums)
    if left.codes is right.codes:
        cells = np.bincount(left.codes, weights=weights, minlength=size)
        return (left.table * cells[:, None]).T @ right.table
    other = len(right.table)
    cells = np.bincount(joined_codes(left.codes, right.codes, size, other), weights=weights, minlength=size * other)
    return left.table.T @ cells.reshape(size, other) @ right.table


def joined_codes(left: np.ndarray, right: np.ndarray, n_left: int, n_right: int) -> np.ndarray:
    """Return one code for each pair of codes, in the smallest type that holds them: it is written once per pass."""
    joined = left.astype(np.min_scalar_type(max(n_left * n_right, n_right)))
    joined *= joined.dtype.type(n_right)
    joined += right.astype(joined.dtype, copy=False)
    return joined


def bilinear_form(left: Block, right: Block, inner: np.ndarray) -> np.ndarray:
    """Return ``left_i' M right_i`` for every row of two blocks over the same n rows.

    Parameters
    ----------
    left, right : CodedBlock or DenseBlock
        Blocks of n rows with p and q columns.
    inner : ndarray of shape (p, q)

    Returns
    -------
    ndarray of shape (n,)
    """
    if isinstance(right, DenseBlock):
        across = left.values @ inner if isinstance(left, DenseBlock) else (left.table @ inner)[left.codes]
        return np.einsum("ij,ij->i", across, right.values)
    if isinstance(left, DenseBlock):
        return bilinear_form(right, left, inner.T)
    pairs = left.table @ inner @ right.table.T
    if left.codes is right.codes:
        return np.diag(pairs)[left.codes]
    return pairs[left.codes, right.codes]
