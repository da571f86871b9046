"""Databases: transactions, staging, provisioning, and all that differs between them."""
