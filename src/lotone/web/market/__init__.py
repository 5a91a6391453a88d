"""Material: what is in stock, what is on its way, and from whom."""
