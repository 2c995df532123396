"""Downloading the public sets, each into the layout that its data set reads."""
