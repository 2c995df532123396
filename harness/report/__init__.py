"""From run folders to what people read: a frame of runs, a table made from it, and its renderings.

`collect` builds the frame, `table` turns it into a model with nothing left to
compute, and each file of `render` writes that model in one format. `figures` and
`html` make the page that a grid leaves behind.
"""
