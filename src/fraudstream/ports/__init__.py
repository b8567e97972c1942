"""What the apps need from outside, where a fake and a real thing both exist.

Each port has an implementation in memory (`adapters.memory*`) and a real one, held to the same contract suite in
`tests/ports`.
"""
