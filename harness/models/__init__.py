"""Encoders, expanders and the container that joins branches: image > representation > embedding.

What a configuration names (`encoders/`, `expander`) imports no torch; the modules
themselves are in `nets/` and `branches`. `initialisation` seeds each component by
itself, `files` exports and imports encoders.
"""
