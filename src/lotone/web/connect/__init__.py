"""Pages on connections: how machines are reached, adding one, and what could not be taken."""
