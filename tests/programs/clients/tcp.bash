#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tcp.bash HOST PORT: write http://HOST:PORT/pattern to standard output
set -e
exec 3<>"/dev/tcp/$1/$2"
printf 'GET /pattern\r\n' >&3
cat <&3
