"""How well free text and streams are masked: other templates and other countries than those trained on."""
