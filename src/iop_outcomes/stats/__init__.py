"""Fitted models: numpy in, numbers out.

Nothing here knows of studies, arms or contracts. A model takes arrays or a
:class:`~iop_outcomes.stats.linear.matrix.ModelMatrix` and returns a small result object; ``designs`` and ``estimates``
give the numbers their meaning.
"""
