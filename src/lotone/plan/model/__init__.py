"""The plan's data and pure rules, split by noun."""
