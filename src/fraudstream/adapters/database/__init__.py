"""PostgreSQL: tables, sessions and the binary COPY format."""
