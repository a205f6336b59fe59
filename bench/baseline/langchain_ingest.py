"""A typical LangChain ingest: load PDF and text files, split, embed, keep in Chroma. Usage: DOCUMENTS STORE."""

from __future__ import annotations

import os
import sys

from langchain_chroma import Chroma
from langchain_community.document_loaders import DirectoryLoader, PyPDFLoader, TextLoader
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter


def main(documents: str, store: str) -> None:
    """Ingest every PDF and Markdown file of a folder into a Chroma folder."""
    pages = DirectoryLoader(documents, glob="*.pdf", loader_cls=PyPDFLoader).load()
    pages += DirectoryLoader(documents, glob="*.md", loader_cls=TextLoader).load()
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(pages)
    embeddings = HuggingFaceEmbeddings(model_name=os.environ["MINILM_FOLDER"])
    Chroma.from_documents(chunks, embeddings, persist_directory=store)
    print(len(chunks))


if __name__ == "__main__":
    main(*sys.argv[1:])
