"""Pages of one's own: sign-in, welcome, the demo's roles, account and API tokens."""
