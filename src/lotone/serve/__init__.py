"""The processes of an installation: message server, web, recorder, planner, and the supervisor that keeps them alive."""
