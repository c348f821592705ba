"""Every word that a person reads in the chat, in one place: what a second language would be put beside."""
