"""From model to text: UVL and DIMACS."""
