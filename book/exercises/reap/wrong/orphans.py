#!/usr/bin/env python3
# Says what the command would say, and runs nothing.
import re, sys

print(re.search("made-[0-9]*", sys.argv[3]).group(), flush=True)
sys.stdin.readline()
sys.exit(int(re.search("exit ([0-9][0-9])", sys.argv[3]).group(1)))
