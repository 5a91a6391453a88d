"""Pages for administrators: health of the installation, people, organizations."""
