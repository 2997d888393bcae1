"""The model matrix: named columns from covariates, small in memory, fast at a million rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from iop_outcomes.stats.linear.blocks import Block, CodedBlock, DenseBlock, bilinear_form, cross_product
from iop_outcomes.stats.linear.columns import Term, read_terms

INTERCEPT = "(Intercept)"
DENSE_CELLS = 1_000_000
LARGEST_TABLE = 256
FEW_VALUES = 64


@dataclass(frozen=True)
class ModelMatrix:
    """Columns of a regression, without ever holding the n x p numbers unless they are few.

    Attributes
    ----------
    names : tuple of str
        One per column: ``(Intercept)``, ``age``, ``sex[male]``.
    terms : tuple of (str, object)
        Covariate and level of each column; the level is None for numbers and the intercept.
    dropped : tuple of str
        Sentences on levels and covariates left out, when that was asked for.
    """

    names: tuple[str, ...]
    terms: tuple[tuple[str, object], ...]
    blocks: tuple[Block, ...]
    n_rows: int
    dropped: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.n_rows, len(self.names)

    @cached_property
    def has_intercept(self) -> bool:
        """Whether the first column is the intercept."""
        return INTERCEPT in self.names

    def matvec(self, coefficients: np.ndarray) -> np.ndarray:
        """Return ``X b`` for coefficients of shape (p,)."""
        total = np.zeros(self.n_rows)
        for block in self.blocks:
            total += block.matvec(coefficients[block.columns])
        return total

    def transpose_matvec(self, values: np.ndarray) -> np.ndarray:
        """Return ``X' v`` for values of shape (n,)."""
        total = np.empty(len(self.names))
        for block in self.blocks:
            total[block.columns] = block.transpose_matvec(values)
        return total

    def sandwich(self, weights: np.ndarray) -> np.ndarray:
        """Return ``X' diag(weights) X`` of shape (p, p)."""
        product = np.empty((len(self.names),) * 2)
        for position, left in enumerate(self.blocks):
            for right in self.blocks[: position + 1]:
                part = cross_product(left, right, weights)
                product[np.ix_(left.columns, right.columns)] = part
                product[np.ix_(right.columns, left.columns)] = part.T
        return product

    def cross(self, other: "ModelMatrix", weights: np.ndarray) -> np.ndarray:
        """Return ``X' diag(weights) Z`` with another matrix Z over the same rows, as stacked equations need."""
        product = np.empty((len(self.names), len(other.names)))
        for left in self.blocks:
            for right in other.blocks:
                product[np.ix_(left.columns, right.columns)] = cross_product(left, right, weights)
        return product

    def group_sums(self, values: np.ndarray, codes: np.ndarray, n_groups: int) -> np.ndarray:
        """Return the sums of ``values[i] * x[i]`` within groups, of shape (n_groups, p).

        Parameters
        ----------
        values : ndarray of shape (n,)
        codes : integer ndarray of shape (n,)
            Group of each row, 0 to ``n_groups`` - 1.
        n_groups : int
        """
        sums = np.empty((n_groups, len(self.names)))
        for block in self.blocks:
            sums[:, block.columns] = block.group_sums(values, codes, n_groups)
        return sums

    def quadratic_form(self, inner: np.ndarray) -> np.ndarray:
        """Return ``x_i' M x_i`` for every row and M of shape (p, p), as leverages need."""
        result = np.zeros(self.n_rows)
        for position, left in enumerate(self.blocks):
            result += bilinear_form(left, left, inner[np.ix_(left.columns, left.columns)])
            for right in self.blocks[:position]:
                both = inner[np.ix_(left.columns, right.columns)] + inner[np.ix_(right.columns, left.columns)].T
                result += bilinear_form(left, right, both)
        return result

    def dense(self) -> np.ndarray:
        """Return the n x p numbers; for small matrices and for tests."""
        values = np.empty(self.shape)
        for block in self.blocks:
            values[:, block.columns] = block.dense()
        return values

    def rows(self, selection) -> "ModelMatrix":
        """Return the matrix of some rows: a boolean mask, positions, or a slice."""
        blocks = tuple(block.rows(selection) for block in self.blocks)
        n_rows = len(np.empty(self.n_rows, dtype=bool)[selection])
        return ModelMatrix(self.names, self.terms, blocks, n_rows, self.dropped)

    def moved(self, centre: np.ndarray, unit: np.ndarray) -> "ModelMatrix":
        """Return the matrix of ``(x - centre) / unit``, both of shape (p,)."""
        blocks = tuple(block.moved(centre[block.columns], unit[block.columns]) for block in self.blocks)
        return ModelMatrix(self.names, self.terms, blocks, self.n_rows, self.dropped)

    def columns(self, selection) -> "ModelMatrix":
        """Return the matrix of some columns, given by a boolean mask."""
        keep = np.asarray(selection, dtype=bool)
        position = np.cumsum(keep) - 1
        blocks = []
        for block in self.blocks:
            wanted = keep[block.columns]
            if wanted.any():
                columns = position[block.columns[wanted]]
                if isinstance(block, CodedBlock):
                    blocks.append(CodedBlock(columns, block.table[:, wanted], block.codes))
                else:
                    blocks.append(DenseBlock(columns, block.values[:, wanted]))
        names = tuple(name for name, kept in zip(self.names, keep, strict=True) if kept)
        terms = tuple(term for term, kept in zip(self.terms, keep, strict=True) if kept)
        return ModelMatrix(names, terms, tuple(blocks), self.n_rows, self.dropped)


def model_matrix(
    frame: pd.DataFrame,
    terms=None,
    *,
    intercept: bool = True,
    unusable: str = "refuse",
    dense_cells: int = DENSE_CELLS,
) -> ModelMatrix:
    """Return the model matrix of some covariates.

    Numbers enter as they are. Categories, strings and booleans get treatment contrasts: one column per level but the
    first, in the order of the categories, or in code-point order for strings. Without an intercept the first
    categorical covariate keeps all its levels, as in R's ``model.matrix``.

    Parameters
    ----------
    frame : DataFrame of n rows
    terms : sequence of str, optional
        Columns to use, in order; all of them by default.
    intercept : bool
    unusable : {"refuse", "drop"}
        Whether levels nobody has and covariates of one value are refused by name, or left out and listed in
        ``dropped``.
    dense_cells : int
        Matrices with fewer numbers than this are held plainly, because for them that is fastest.

    Returns
    -------
    ModelMatrix

    Raises
    ------
    DesignError
        Unknown, repeated, missing, empty or constant covariates; the sentence names them, with counts.
    """
    names = list(frame.columns if terms is None else terms)
    read, dropped = read_terms(frame, names, unusable=unusable)
    labels, pieces = [], []
    if intercept:
        labels.append((INTERCEPT, None))
        everyone = Term(INTERCEPT, (None,), codes=np.zeros(len(frame), dtype=np.int8))
        pieces.append(Piece(np.array([0]), everyone, np.ones((1, 1))))
    spanned = intercept
    for term in read:
        contrast = np.eye(len(term.levels))[:, int(spanned) :] if term.levels else None
        levels = term.levels[int(spanned) :] if term.levels else (None,)
        columns = np.arange(len(labels), len(labels) + len(levels))
        spanned = spanned or contrast is not None
        labels += [(term.name, level) for level in levels]
        pieces.append(Piece(columns, term, contrast))
    plain = len(frame) * len(labels) <= dense_cells
    blocks = _dense_blocks(pieces) if plain else _packed_blocks(pieces, len(frame))
    columns = tuple(name if level is None else f"{name}[{level}]" for name, level in labels)
    return ModelMatrix(columns, tuple(labels), tuple(blocks), len(frame), dropped)


#: Matrices of the frames of one call, with the frames themselves, whose identity they are found by.
_KEPT: ContextVar[dict[int, tuple[pd.DataFrame, ModelMatrix]] | None] = ContextVar("kept matrices", default=None)


@contextmanager
def matrices_kept() -> Iterator[None]:
    """Within, ``usable_matrix`` makes the matrix of one frame once; only for frames that nobody changes meanwhile."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def usable_matrix(frame: pd.DataFrame) -> ModelMatrix:
    """Return the model matrix of covariates without what a model cannot use, as design and estimator need it alike."""
    kept = _KEPT.get()
    if kept is None:
        return model_matrix(frame, unusable="drop")
    if id(frame) not in kept:
        kept[id(frame)] = frame, model_matrix(frame, unusable="drop")
    return kept[id(frame)][1]


class Piece(NamedTuple):
    """One covariate on its way into a block; ``contrast`` is None for a number."""

    columns: np.ndarray
    term: Term
    contrast: np.ndarray | None


def _dense_blocks(pieces):
    parts = [x.term.values[:, None] if x.contrast is None else x.contrast[x.term.codes] for x in pieces]
    return [DenseBlock(np.concatenate([piece.columns for piece in pieces]), np.hstack(parts))] if pieces else []


def _coded(piece, limit):
    """Return a piece as a coded block, or None for a number with many values."""
    if piece.contrast is not None:
        return CodedBlock(piece.columns, piece.contrast, piece.term.codes)
    if len(np.unique(piece.term.values[:1000])) > limit:
        return None
    codes, values = pd.factorize(piece.term.values, sort=True)
    return CodedBlock(piece.columns, values[:, None], codes) if len(values) <= limit else None


def _packed_blocks(pieces, n_rows):
    """Put covariates together while their joint table stays small, because every pair of blocks costs a pass over n."""
    limit = int(np.clip(np.sqrt(n_rows) / 2, 2, LARGEST_TABLE))
    coded = [_coded(piece, min(limit, FEW_VALUES)) for piece in pieces]
    packed: list[CodedBlock] = []
    for block in sorted((block for block in coded if block is not None), key=lambda block: -len(block.table)):
        room = (i for i, other in enumerate(packed) if len(other.table) * len(block.table) <= limit)
        position = next(room, None)
        if position is None:
            packed.append(block)
        else:
            packed[position] = _joined(packed[position], block)
    small = [CodedBlock(x.columns, x.table, x.codes.astype(np.min_scalar_type(len(x.table)))) for x in packed]
    plain = [piece for piece, block in zip(pieces, coded, strict=True) if block is None]
    if not plain:
        return small
    values = np.column_stack([piece.term.values for piece in plain])
    return [*small, DenseBlock(np.concatenate([piece.columns for piece in plain]), values)]


def _joined(first: CodedBlock, second: CodedBlock) -> CodedBlock:
    """Return one block for two: its table has a row for every pair of theirs."""
    table = np.hstack([np.repeat(first.table, len(second.table), axis=0), np.tile(second.table, (len(first.table), 1))])
    codes = first.codes.astype(np.int32)
    codes *= len(second.table)
    codes += second.codes.astype(np.int32)
    return CodedBlock(np.concatenate([first.columns, second.columns]), table, codes)
