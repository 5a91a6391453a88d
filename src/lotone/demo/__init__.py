"""The demo: a simulated factory with shoppers on a real installation. Light: machine processes import this package."""
