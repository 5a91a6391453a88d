"""The shop: choosing, the price and the promise, ordering, and following one's order."""
