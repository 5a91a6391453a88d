"""Orders for the people of the company: all of them, and one with its promise's history and its units."""
