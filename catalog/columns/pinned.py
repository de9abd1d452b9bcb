"""The model file that this release was made with; `make train` writes it."""

SHA256 = "2473cf3c9743ed86755530e978f5b4eb03468c2d4ce85096a3e80a70da54476f"
