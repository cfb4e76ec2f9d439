"""`make bench`: what the operator costs, counted and as ratios within one run; nothing is asserted.

`standins` plays the controllers that a control plane without nodes lacks, `stage` starts all
processes, `audit` counts requests by the API server's own log, `phases` measures one size,
`thinking` measures the operator's mind alone, `report` prints and writes docs/performance.md.
"""
