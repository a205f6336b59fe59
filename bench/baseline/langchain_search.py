"""Search the store of langchain_ingest.py. Usage: STORE K; questions on stdin, a JSON list of file names a line out."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings


def main(store: str, count: str) -> None:
    """Print the files that the nearest passages of each question come from."""
    embeddings = HuggingFaceEmbeddings(model_name=os.environ["MINILM_FOLDER"])
    chroma = Chroma(persist_directory=store, embedding_function=embeddings)
    for question in sys.stdin:
        found = chroma.similarity_search(question.strip(), k=int(count))
        print(json.dumps([Path(passage.metadata["source"]).name for passage in found]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
