"""Generated models may take as long as they need: a busy machine is no fault of theirs."""

from hypothesis import HealthCheck, settings

settings.register_profile("configure", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("configure")
