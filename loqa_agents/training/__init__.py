"""Whom a learner meets, many seeds and devices at once, compiled whole; nothing is written here."""
