"""A typical Streamlit + LangChain + Chroma chat, as tutorials show it; its model answers at once, in this process.

The store is the one langchain_ingest.py wrote (CHROMA_FOLDER). Resources load at the first question, behind
st.cache_resource; with LOAD_AT_START=1 they load before the page, the other form tutorials have.
"""

from __future__ import annotations

import itertools
import os

import streamlit as st
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnablePassthrough
from langchain_huggingface import HuggingFaceEmbeddings

ANSWER = "According to the documents, the answer to this question stands in the second section of the policy."

PROMPT = ChatPromptTemplate.from_template(
    "Answer the question based only on the following context:\n\n{context}\n\nQuestion: {question}"
)


def format_documents(documents: list[Document]) -> str:
    """Join the texts of the retrieved passages."""
    return "\n\n".join(document.page_content for document in documents)


@st.cache_resource
def load_chain() -> Runnable:
    """Open the store and build the retrieval chain."""
    embeddings = HuggingFaceEmbeddings(model_name=os.environ["MINILM_FOLDER"])
    store = Chroma(persist_directory=os.environ["CHROMA_FOLDER"], embedding_function=embeddings)
    retriever = store.as_retriever(search_kwargs={"k": 4})
    model = GenericFakeChatModel(messages=itertools.repeat(ANSWER))
    context = {"context": retriever | format_documents, "question": RunnablePassthrough()}
    return context | PROMPT | model | StrOutputParser()


if os.environ.get("LOAD_AT_START"):
    load_chain()

st.title("Chat with your documents")

if "messages" not in st.session_state:
    st.session_state.messages = []

for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if question := st.chat_input("Ask a question"):
    st.session_state.messages.append({"role": "user", "content": question})
    with st.chat_message("user"):
        st.markdown(question)
    with st.chat_message("assistant"):
        answer = st.write_stream(load_chain().stream(question))
    st.session_state.messages.append({"role": "assistant", "content": answer})
