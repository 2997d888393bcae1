"""Fitted models: numpy in, numbers out.

Nothing here knows of studies, arms or contracts. A model takes arrays or a
:class:`~iop_outcomes.models.matrix.ModelMatrix` and returns a small result object; ``design`` and ``estimators`` give
the numbers their meaning.
"""
