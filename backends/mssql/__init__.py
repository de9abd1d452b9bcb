"""SQL Server: so far only what a statement does, in parse.py. There is no connection to a server yet."""
