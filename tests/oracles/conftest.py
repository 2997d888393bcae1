"""What the tests against reference programs share."""

import pytest

from oracles.agreement import Agree, Found


@pytest.fixture
def agree(request, record_property) -> Agree:
    """Compare with the reference; the module's ``FAMILY`` and the data set of the test's case go on record with it."""
    return Agree(request.module.FAMILY, _data_set(request), record_property)


@pytest.fixture
def found(request, record_property) -> Found:
    """Say which number of the reference a public call equals and which not; the data set goes on record with it."""
    return Found(_data_set(request), record_property)


def _data_set(request) -> str:
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    return next((parameters[name] for name in ("case", "data", "name") if name in parameters), "")
