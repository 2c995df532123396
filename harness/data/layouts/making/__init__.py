"""What the twins are made with: a folder made whole, textures, nuclei, colours."""
