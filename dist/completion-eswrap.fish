# SPDX-License-Identifier: MIT
# fish completion for eswrap: its options, and then whatever the program that it runs completes.
complete -c eswrap -s c -l config -r -F -d 'use the private broker of FILE'
complete -c eswrap -s r -l route -x -d 'all connections take this route' -a "(sed -n 's/^\\[route \\(.*\\)\\]\$/\\1/p' /etc/eswrap/eswrap.conf 2>/dev/null)"
complete -c eswrap -l help -d 'print a summary'
complete -c eswrap -l version -d 'print the version'
complete -c eswrap -x -a '(__fish_complete_subcommand --fcs-skip=0)'
