#error "A machine includes nothing of the outside world; hand the value in, or move the code to an adapter (see ARCHITECTURE.md)."
