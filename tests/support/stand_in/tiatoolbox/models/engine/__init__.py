"""As in TIAToolbox."""
