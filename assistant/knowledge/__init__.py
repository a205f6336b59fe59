"""Floor 3: documents on their way into the knowledge base, and questions finding their passages."""
