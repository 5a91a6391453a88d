"""What if: scenarios side by side, what limits the plan, and what would move a date."""
