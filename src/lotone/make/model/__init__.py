"""Data and rules of making."""
