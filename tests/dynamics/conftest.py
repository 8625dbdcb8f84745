from hypothesis import settings

# A deadline would be a test of the machine's speed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
