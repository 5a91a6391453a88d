"""Features, rules over them, and what a configuration needs: frozen data and pure rules."""
