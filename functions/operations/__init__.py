"""One thin module per operation of the workflow: `run` does the work, `handler` enters.

Beside them stands what people read of it: `progress` is the note of a step that is done, `report`
the sentences of a plan and of a setup's report.
"""

# Before any library: it makes their import cheaper.
from vending import startup  # noqa: F401
