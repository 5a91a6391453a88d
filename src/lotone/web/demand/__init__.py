"""The demand: what shoppers looked at, took and left, and what was lost for a late date, in counts without names."""
