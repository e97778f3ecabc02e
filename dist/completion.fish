# SPDX-License-Identifier: MIT
# fish completion for eswrapctl. What there is to complete, the command itself says: it lists its
# commands and options with --help.

# The command line so far as far as it is commands: `eswrapctl credentials`.
function __eswrapctl_command
    set -l command eswrapctl
    for word in (commandline -opc)[2..]
        if contains -- $word (__eswrapctl_commands $command | string replace -r '\t.*' '')
            set -a command $word
        end
    end
    printf '%s\n' $command
end

function __eswrapctl_commands
    $argv --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z][a-z-]*)  +(.*)/\1\t\2/p'
end

function __eswrapctl_options
    $argv --help 2>/dev/null | sed -nE 's/^ *(-[a-zA-Z])?,? *(--[a-z-]+)[^ ]* *(.*)/\2\t\3/p'
end

function __eswrapctl_sets
    set -l command (__eswrapctl_command)
    if test (count $command) -eq 3 -a "$command[2]" = credentials
        printf '%s\n' 0 1 2
        sed -n 's/^\[credentials \(.*\)\]$/\1/p' /etc/eswrap/eswrap.conf 2>/dev/null
    end
end

complete -c eswrapctl -n 'not string match -q -- "-*" (commandline -ct)' -f -a '(__eswrapctl_commands (__eswrapctl_command))'
complete -c eswrapctl -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__eswrapctl_options (__eswrapctl_command))'
complete -c eswrapctl -f -a '(__eswrapctl_sets)'
