"""A run as a library: plan, collect, evaluate, keep and conclude."""
