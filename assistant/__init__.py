"""The Internal Knowledge Assistant, floor by floor.

A file imports only from its own floor or lower ones (``tests/test_architecture.py`` holds it):

======  =============================================  ==========================================
floor   where                                          what it knows
======  =============================================  ==========================================
6       ``app.py``, ``pages/``                         how things look; services, never SDKs or SQL
5       ``assistant.web``, ``assistant.cli``           doors: HTTP routes and the command line
4       ``assistant.bootstrap``                        which engine is used; builds ``Services``
3       ``assistant.chat``, ``assistant.knowledge``    the work: answering, and documents
2       ``assistant.providers``, ``assistant.storage`` models and embedders; SQL and files
1       ``domain events errors settings log``          words everyone uses
======  =============================================  ==========================================

Nothing under ``assistant`` imports streamlit.
"""

__version__ = "0.1.0"
