"""Ranks: where a process stands, the group it joins, and collectives with gradients."""
