"""The migrations of the state database."""
