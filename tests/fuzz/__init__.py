"""Damaged and hostile files of every format, made from seeds: what holds for all of them, and what breaks it.

A *format* is a module with ``bases()``, small honest files, ``mutate(content, random)``, which makes one change that knows
the format, and ``feed(path, output)``, which does with the file what a user would. The generator is our own and not
hypothesis: a case is a few numbers, so that it can be made again in another process than the one it ended, and a change is
applied to bytes, so that any of a case's changes can be left out when it is made smaller.
"""
