"""From text to model: reading UVL with the position of every fault."""
