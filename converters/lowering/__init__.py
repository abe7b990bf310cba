"""Lowerings that both frontends use: functions that take a `GraphBuilder` and operands and make what WebNN has no operator for."""
