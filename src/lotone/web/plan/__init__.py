"""Pages of the planner: the schedule as a picture, promises at risk, load, and what changed the plan."""
