"""Reference pages: the API for programs, and the parts that pages are made of."""
