"""The label applier: outcomes of payments, as they become known, move the risk that later scores see."""
