"""What a wheel holds beside the package: the workflow, so that a study runs where no clone is."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What a run needs of the clone. Each has its one home there; in a wheel it lies in `iop_outcomes/project`.
SHIPPED = ("Snakefile", "workflow", "notebooks")


class ShipTheWorkflow(BuildHookInterface):
    """Put the workflow into a wheel; an editable install finds it in the clone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name what is added, and where it goes."""
        if version != "editable":
            build_data["force_include"] |= {name: f"iop_outcomes/project/{name}" for name in SHIPPED}
