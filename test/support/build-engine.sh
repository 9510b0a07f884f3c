#!/bin/sh
# Runs in the network namespace of a test's build engine, in a mount namespace of its own:
# an empty /run keeps this daemon's sockets and locks apart from the machine's. All words come as arguments.
set -e
mount -t tmpfs tmpfs /run
exec dockerd "$@"
