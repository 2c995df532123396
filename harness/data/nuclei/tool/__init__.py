"""What runs in the segmentation tool's own environment, apart from ours."""
