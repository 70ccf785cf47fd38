"""The engine under the workflow: small definitions, one for each thing it must do as AWS does."""
