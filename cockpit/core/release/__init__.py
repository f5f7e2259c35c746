"""The life of a strategy version: what it is, how far it is trusted, what was seen of it, who decided what.

records   a version, its passport, its history: part of the State, changed by facts only
twin      its shadow: a whole machine on paper, on the same feed, inside the same step
track     what twin and account show, counted in spans; sequential, samples: the tests on it
gates     the conditions of each stage, as numbers, bounds and verdicts
people    who may decide, and how they show that it is they
acting    add, promote, approve, roll back, retire; moving between stages
watching  what happens by itself after each step: twins hear, tracks count, refutation rolls back
"""
