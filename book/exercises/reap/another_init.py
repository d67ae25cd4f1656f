#!/usr/bin/env python3
import os, subprocess, sys

command = subprocess.Popen(sys.argv[1:])
while True:
    pid, status = os.wait()
    if pid == command.pid:
        os._exit(os.waitstatus_to_exitcode(status))
