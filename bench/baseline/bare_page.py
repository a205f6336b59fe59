"""The least page that streams a model's answer: Streamlit's own tutorial, with the openai SDK called directly.

No documents, no search, nothing stored. What it needs from the Enter key to the first text shown is what a browser,
Streamlit and the model take by themselves.
"""

from __future__ import annotations

import os

import streamlit as st
from openai import OpenAI


@st.cache_resource
def client() -> OpenAI:
    """One client for all runs; its key and address come from the environment."""
    return OpenAI()


client()
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
        stream = client().chat.completions.create(
            model=os.environ["BARE_MODEL"], messages=st.session_state.messages, stream=True
        )
        answer = st.write_stream(stream)
    st.session_state.messages.append({"role": "assistant", "content": answer})
