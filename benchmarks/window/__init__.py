"""What a person feels of the chat window, measured on the whole program in a real pseudo-terminal of 120x40.

`python -m benchmarks.window` prints one table. Every module but the measuring ones (`machine`, `watched`, `figures`,
`profiles`) and the processes (`provider`, `peers`, `inside`) is one group of figures.
"""
