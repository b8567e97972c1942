"""How long rows are kept: what is old and needed by nothing is deleted, and that is written down."""
