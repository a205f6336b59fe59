"""``python -m assistant`` is the ``assistant`` command.

The import stands inside the guard because the parser's children re-import this module and must stay cheap.
"""

if __name__ == "__main__":
    from assistant.cli import main

    main()
