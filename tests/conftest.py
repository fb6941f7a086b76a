"""What holds for all tests."""

from hypothesis import settings

# A limit of time for one example would tell a busy machine from an idle one, not good from bad.
settings.register_profile("here", deadline=None)
settings.load_profile("here")
