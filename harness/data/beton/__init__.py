"""The .beton: a pack as one file of FFCV's format, written without FFCV.

What is stored is what the pack holds, byte for byte: nothing is compressed. The file
has all that FFCV's own reader wants, and a seal that FFCV passes over.
"""
