"""One thin module per operation of the workflow: `run` does the work, `handler` enters."""
