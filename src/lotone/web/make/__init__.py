"""Pages of making: units, their passports, work orders and what stands in their way."""
