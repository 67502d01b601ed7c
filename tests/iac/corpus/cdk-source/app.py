# The app of this project; it is not run.
