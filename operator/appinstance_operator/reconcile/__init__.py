"""One level-based look at an instance: what is there, what should be, and how it stands."""
