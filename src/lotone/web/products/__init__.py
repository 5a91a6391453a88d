"""Products for those who make them: models, prices and rules, drafts, versions, releases."""
