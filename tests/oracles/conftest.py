"""What the tests against reference programs share."""

import pytest

from oracles.agreement import Agree


@pytest.fixture
def agree(request, record_property) -> Agree:
    """Compare with the reference; the module's ``FAMILY`` and the data set of the test's case go on record with it."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    data = next((parameters[name] for name in ("case", "data", "name") if name in parameters), "")
    return Agree(request.module.FAMILY, data, record_property)
