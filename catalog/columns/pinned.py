"""The model file that this release was made with; `make train` writes it."""

SHA256 = "92b30cc26f33924139666a058940686d6e0c9eb40c99788bced6868601c80454"
