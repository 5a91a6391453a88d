"""Saving samples and finding them again: the engine and its files."""
