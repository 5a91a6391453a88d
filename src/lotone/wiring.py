"""Who is built from what, and which fact makes whom react."""
