"""Sockets of native doors: TCP, TLS, deadlines and limits before log-in. What the bytes mean is the Front's affair."""
