"""The subcommands, a module each, and where they run."""
