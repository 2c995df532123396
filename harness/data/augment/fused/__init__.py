"""Table S1 of the paper in one pass over each image, compiled by numba for a CPU.

The batched torch form is the reference: this one takes the same draws, keeps the
order and meaning of every operation, and gives the same pixels to within 1e-6. Only
where an operation jumps (a value at solarize's threshold, a nearest neighbour half way between
two) can a difference of one rounding become a visible one: 4 of 100 million values of
real patches, held below 1e-4 by the tests. This holds where the processor has fused
multiply-add, as torch's own rotation differs between those that have and have not.

`compiled` is the one place that imports numba.
"""
