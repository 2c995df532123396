"""What can be said of a data set by looking at it: counts, sizes, what is unreadable, what stands twice."""
