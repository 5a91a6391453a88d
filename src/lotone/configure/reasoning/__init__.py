"""From model to answers: clauses, the solver, the configurator."""
