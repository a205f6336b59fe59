"""Doors over HTTP: health, headers and the life of the services in a running app. Never imports streamlit."""
