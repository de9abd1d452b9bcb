"""The model file that this release was made with; `make train` writes it."""

SHA256 = "3b74cd665b8473a62b5dc09ad1459dcf5e394a1f60a8eafbfc0d587ff1abe9e7"
