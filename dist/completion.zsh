#compdef eswrap eswrapctl
# SPDX-License-Identifier: MIT
# zsh completion for eswrap and eswrapctl. What there is to complete, the commands themselves say: each
# lists its commands and options with --help.

# The names of the groups [$1 NAME] in the configuration that the command line or the system has.
_eswrap_groups() {
	local file=/etc/eswrap/eswrap.conf i
	for ((i = 2; i < CURRENT; i++)); do
		[[ ${words[i]} == (-c|--config) ]] && file=${words[i + 1]}
	done
	sed -n "s/^\[$1 \(.*\)\]\$/\1/p" "${(Q)file}" 2>/dev/null
}

_eswrap_options() {
	"$@" --help 2>/dev/null | sed -nE 's/^ *(-[a-zA-Z])?,? *(--[a-z-]+)[^ ]* *(.*)/\2:\3/p'
}

_eswrap_commands() {
	"$@" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z][a-z-]*)  +(.*)/\1:\2/p'
}

_eswrapctl_words() {
	local -a command=("${words[1]}") found=() sets
	local i
	found=(${(f)"$(_eswrap_commands "${command[@]}")"})
	for ((i = 2; i < CURRENT; i++)); do
		(( ${found[(I)${words[i]}:*]} )) || continue
		command+=("${words[i]}")
		found=(${(f)"$(_eswrap_commands "${command[@]}")"})
	done
	case ${words[CURRENT - 1]} in
	-c|--config|-s|--socket|--ca|--certificate|--key|--textfile|--pcap) _files; return ;;
	esac
	if [[ ${words[CURRENT]} == -* ]]; then
		found=(${(f)"$(_eswrap_options "${command[@]}")"})
	elif (( ! ${#found} )) && [[ ${command[2]-} == credentials ]]; then
		sets=(0 1 2 ${(f)"$(_eswrap_groups credentials)"})
		compadd -a sets
		return
	fi
	if (( ${#found} )); then
		_describe eswrapctl found
	else
		_files
	fi
}

case $service in
eswrap)
	_arguments -S \
		'(-c --config)'{-c,--config}'[use the private broker of FILE]:file:_files' \
		'(-r --route)'{-r,--route}'[all connections take this route]:route:($(_eswrap_groups route))' \
		'--help[print a summary]' '--version[print the version]' \
		'(-):program: _command_names -e' '*::arguments: _normal'
	;;
eswrapctl) _eswrapctl_words ;;
esac
