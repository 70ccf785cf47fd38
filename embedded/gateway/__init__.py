"""Where every API call comes in."""
