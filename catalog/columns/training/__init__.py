"""How the column net is made: seeded tables of invented data, and the fit. `make train` runs it; nothing here is
needed at run time."""
