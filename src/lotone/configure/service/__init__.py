"""Use cases of configuring: products and their versions, configurators."""
