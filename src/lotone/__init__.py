"""LotOne: an open industrial internet platform for lot size one."""

__version__ = "0.1.0"
